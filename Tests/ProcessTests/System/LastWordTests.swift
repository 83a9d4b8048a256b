import FoundationEssentials
import TestSupport
import Testing

/// A call that waits in systemd's socket while the start fails is told why.
@Suite(.timeLimit(.minutes(30))) struct LastWordTests {
    /// Plays systemd: holds the socket, has a call in it already, and starts readerd with it as descriptor 3.
    private static let activator = """
        import os, socket, sys
        path, program, config, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(64)
        tills = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(count)]
        for till in tills:
            till.connect(path)
            till.sendall(b"PUT /v1/payments/p1 HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
        pid = os.fork()
        if pid == 0:
            if listener.fileno() != 3: os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
            os.execv(program, [program, "--config", config])
        for till in tills:
            answer = b""
            while True:
                more = till.recv(65536)
                if not more: break
                answer += more
            print(answer.decode())
        print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """

    @Test(arguments: [1, 20]) func `whoever calls a readerd that cannot start is told the cause`(callers: Int) async throws {
        let directory = try TemporaryDirectory()
        let config = directory.file("readerd.toml")
        try Data("location = “48”\n".utf8).write(to: URL(filePath: config))
        let script = directory.file("activate.py")
        try Data(Self.activator.utf8).write(to: URL(filePath: script))
        let result = try await run(
            ["python3", script, directory.file("s"), try ChildProcess.built("readerd"), config, String(callers)])
        #expect(result.output.contains("exit 78"), "\(result.output.suffix(500)) \(result.errors.suffix(500))")
        let answers = result.output.split(separator: "HTTP/1.1 503 Service Unavailable\r\n")
        #expect(answers.count(where: { $0.contains("Content-Type: application/problem+json") }) == callers)
        let answer = try #require(answers.first)
        #expect(answer.contains(#""code":"not_started""#))
        #expect(answer.contains("readerd cannot start: ") && answer.contains("line 1, column 12: these are a word processor's quotes"))
        #expect(answer.contains("sudo readerd --check-config"))
    }
}
