import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `Looking for devices` {
    @Test func `what is seen comes line by line, the summary last`() async throws {
        let agent = try await RunningAgent()
        var lines: [DiscoveryLine] = []
        for try await line in agent.client.discover(DiscoveryBody(transports: [.lan], subnets: ["127.0.0.9/32"])) { lines.append(line) }
        #expect(lines.prefix(2) == [.progress(DiscoveryProgress(looked: 1, of: 2)), .device(FakeStore.discovered)])
        guard case .summary(let summary)? = lines.last else { throw ClientError.canceled }
        #expect(summary.subnets == ["127.0.0.9/32"] && lines.count == 3)
        try await agent.kill()
    }

    @Test func `a refusal comes instead of the lines`() async throws {
        let agent = try await RunningAgent()
        do {
            for try await line in agent.client.discover(DiscoveryBody(subnets: ["8.8.8.0/24"])) { Issue.record("\(line)") }
            Issue.record("it should have been refused")
        } catch ClientError.problem(let problem) {
            #expect(problem.errors?.first?.field == "subnets[0]")
        }
        try await agent.kill()
    }

    @Test func `readerctl discover says of each device what it is and what to do`() async throws {
        let agent = try await RunningAgent()
        let told = try await readerctl("discover", "--lan", "--socket", agent.path)
        #expect(told.status == 0 && told.errors == "", "not on a terminal: no progress is drawn")
        #expect(told.output.contains("127.0.0.9  card reader  unregistered"), "\(told.output)")
        #expect(told.output.contains("127.0.0.9: It is not registered. What to do: Register it."))
        #expect(told.output.contains("1 device, 2 addresses (127.0.0.0/24), in 0.1 s."))
        let lines = try await readerctl("discover", "--json", "--socket", agent.path).output.split(separator: "\n")
        #expect(lines.count == 3 && lines.last?.contains("\"type\":\"summary\"") == true)
        try await agent.kill()
    }

    @Test func `readerctl discover refuses what makes no sense before it asks`() async throws {
        let told = try await readerctl("discover", "--usb", "--subnet", "10.0.0.0/24", "--socket", "/nowhere")
        #expect(told.status == 64 && told.errors.contains("--subnet goes with --lan"))
    }
}
