import FoundationEssentials
import Testing

/// The services beside readerd: they do little, and may do no more.
@Suite(.timeLimit(.minutes(5))) struct HelperUnitTests {
    @Test(arguments: ["readerd-metrics.service", "readerd-credentials.service"])
    func `a helper is confined to a score of 1.5, as readerd is`(unit: String) throws {
        let scratch = try Scratch()
        let scored = try shell(
            "cd \(scratch.path) && cp \(Place.packaging)/systemd/\(unit) . && sed -i /^Documentation=/d \(unit) && systemd-analyze security --offline=true --no-pager --threshold=15 \(unit)",
            in: scratch)
        #expect(scored.status == 0, "\(scored.output)")
    }

    /// The words of a directive of the metrics' unit, as the shell that systemd starts gets them, for another directory.
    private func command(_ directive: String, directory: String) throws -> String {
        let unit = Place.text(Place.packaging + "/systemd/readerd-metrics.service")
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix(directive + "=/bin/sh -c '") })
        return String(line.dropFirst(directive.utf8.count + "=/bin/sh -c '".utf8.count).dropLast())
            .replacing("/var/lib/prometheus/node-exporter", with: directory)
    }

    @Test func `the metrics are written whole, and go when they would be old`() throws {
        let scratch = try Scratch()
        let (programs, collector) = (scratch.path + "/bin", scratch.path + "/collector")
        let prepared = try shell(
            "mkdir \(programs) \(collector) && printf '#!/bin/sh\\necho numbers\\n' > \(programs)/readerctl && chmod +x \(programs)/readerctl",
            in: scratch)
        #expect(prepared.status == 0, "\(prepared.output)")
        let path = "PATH=\(programs):$PATH"
        let write = "\(path); \(Place.packaging)/systemd/write-metrics \(collector)"
        let written = try shell(write, in: scratch)
        #expect(written.status == 0 && Place.text(collector + "/readerd.prom") == "numbers\n", "\(written.output)")
        let after = try shell("SERVICE_RESULT=success; " + command("ExecStopPost", directory: collector), in: scratch)
        #expect(after.status == 0 && Place.text(collector + "/readerd.prom") == "numbers\n", "\(after.output)")
        let failed = try shell(
            "printf '#!/bin/sh\\necho half; exit 3\\n' > \(programs)/readerctl; " + write, in: scratch)
        #expect(failed.status != 0)
        for result in ["exit-code", "exec-condition", "timeout"] {
            let gone = try shell(
                "touch \(collector)/readerd.prom; SERVICE_RESULT=\(result); " + command("ExecStopPost", directory: collector), in: scratch)
            #expect(gone.status == 0, "\(gone.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: collector).isEmpty)
        }
    }

    @Test func `who owns the collector's directory gains nothing by a link there`() {
        let unit = Place.text(Place.packaging + "/systemd/readerd-metrics.service")
        for line in ["User=prometheus", "SupplementaryGroups=readerd-monitor", "CapabilityBoundingSet=", "NoNewPrivileges=yes"] {
            #expect(unit.contains("\n" + line + "\n"), "\(line)")
        }
        // With more rights runs only what writes nothing.
        let privileged = unit.split(separator: "\n").filter { $0.contains("=+") }
        #expect(privileged == ["ExecCondition=+/bin/systemctl --quiet is-active readerd.service"])
    }

    @Test func `as many callers may wait at systemd's socket as the system allows`() {
        #expect(Place.text(Place.packaging + "/systemd/readerd.socket").contains("\nBacklog=4294967295\n"))
    }
}
