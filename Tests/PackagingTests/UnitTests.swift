import FoundationEssentials
import Testing

@Suite(.timeLimit(.minutes(5)))
struct UnitTests {
    /// The units as they are installed, but for the program's place.
    private func units(_ scratch: Scratch) throws -> String {
        let directory = scratch.path + "/units"
        let programs = try Place.programs()
        let copied = try shell(
            "mkdir \(directory) && cp \(Place.packaging)/systemd/readerd*.service \(Place.packaging)/systemd/readerd*.socket \(Place.packaging)/systemd/readerd*.path \(Place.packaging)/systemd/readerd*.timer \(directory) && sed -i 's|/usr/bin/readerd|\(programs)/readerd|; s|/usr/libexec/readerd/|\(Place.packaging)/systemd/|; /^Documentation=man:/d' \(directory)/*",
            in: scratch)
        #expect(copied.status == 0, "\(copied.output)")
        return directory
    }

    @Test func `the units are what systemd understands`() throws {
        let scratch = try Scratch()
        let directory = try units(scratch)
        let verified = try shell(
            "cd \(directory) && SYSTEMD_UNIT_PATH=\(directory): systemd-analyze verify --man=no ./readerd*", in: scratch)
        #expect(verified.status == 0, "\(verified.output)")
        #expect(!verified.output.contains("readerd"), "\(verified.output)")
    }

    @Test func `the service is confined to a score of 1.5, and callers keep their identity`() throws {
        let scratch = try Scratch()
        let directory = try units(scratch)
        let scored = try shell(
            "cd \(directory) && systemd-analyze security --offline=true --no-pager --threshold=15 readerd.service", in: scratch)
        #expect(scored.status == 0, "\(scored.output)")
        #expect(scored.output.contains("Overall exposure level for readerd.service: "))
        let service = Place.text(Place.packaging + "/systemd/readerd.service")
        #expect(!service.contains("\nPrivateUsers="))
        for line in [
            "Type=notify", "WatchdogSec=60s", "TimeoutAbortSec=15s", "DeviceAllow=char-usb_device rw", "LimitCORE=0",
            "RestartPreventExitStatus=78",
        ] {
            #expect(service.contains("\n" + line + "\n"), "\(line)")
        }
    }

    @Test func `callers do not wake an agent that cannot start for ever`() {
        let socket = Place.text(Place.packaging + "/systemd/readerd.socket")
        #expect(socket.contains("\nTriggerLimitIntervalSec=30s\nTriggerLimitBurst=5\n"))
    }

    @Test func `the maintainer scripts and tools are sound`() throws {
        let scratch = try Scratch()
        let scripts = ["preinst", "postinst", "prerm", "postrm"].map { "debian/readerd.\($0)" }.joined(separator: " ")
        let tools = "build-deb version systemd/write-metrics ../Tests/Package/chroot"
        let checked = try shell("cd \(Place.packaging) && shellcheck --shell=sh \(scripts) && shellcheck \(tools)", in: scratch)
        #expect(checked.status == 0, "\(checked.output)")
    }
}
