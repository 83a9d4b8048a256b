import FoundationEssentials
import Glibc
import Testing

/// The package made, installed, upgraded, removed and purged, by dpkg itself, under a root directory of the test's own. Instead of the programs it
/// holds scripts that call them, which makes it small. There is no systemd in that root: what the scripts would ask of it is read from them.
@Suite(.timeLimit(.minutes(5)))
struct LifecycleTests {
    private struct Package {
        let scratch: Scratch
        var root: String { scratch.path + "/root" }
        var file: String { scratch.path + "/out/readerd.deb" }
        var control: String { scratch.path + "/tree/DEBIAN" }

        init() throws {
            scratch = try Scratch()
            let programs = try Place.programs()
            let path = scratch.path
            let made = try shell(
                """
                set -e
                mkdir -p \(path)/bin \(path)/root/var/lib/dpkg/info \(path)/root/var/lib/dpkg/updates \(path)/root/run
                touch \(path)/root/var/lib/dpkg/status
                for program in readerd readerctl readersim; do
                    printf '#!/bin/sh\\nexec \(programs)/%s "$@"\\n' $program > \(path)/bin/$program
                    chmod 755 \(path)/bin/$program
                done
                BUILDDEB_OPTIONS=-Znone \(Place.packaging)/build-deb \(path)/bin \(path)/out
                mv \(path)/out/readerd_*.deb \(path)/out/readerd.deb
                dpkg-deb -R \(path)/out/readerd.deb \(path)/tree
                sed 's/^Version: .*/&+1/' -i \(path)/tree/DEBIAN/control
                dpkg-deb --root-owner-group -Znone -b \(path)/tree \(path)/out/next.deb
                """, in: scratch)
            #expect(made.status == 0, "\(made.output)")
        }

        /// Without root's rights, and with the scripts outside of the root directory, which has no shell.
        func dpkg(_ arguments: String) throws -> String {
            let done = try shell(
                "dpkg --root=\(root) --force-script-chrootless --force-not-root --force-depends --log=/dev/null \(arguments)", in: scratch)
            #expect(done.status == 0, "dpkg \(arguments): \(done.output)")
            return done.output
        }

        func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

        func write(_ path: String, _ text: String) throws {
            let directory = root + path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: root + path, contents: Data(text.utf8)))
        }
    }

    @Test func `it installs, upgrades, removes and purges, and payments and settings stay until the purge`() throws {
        let package = try Package()
        let installed = try package.dpkg("-i \(package.file)")
        #expect(installed.contains("installed and not started yet"), "\(installed)")
        #expect(package.exists("/usr/bin/readerd") && package.exists("/etc/readerd/readerd.toml"))
        #expect(package.exists("/usr/share/doc/readerd/examples/readerd.toml"))
        var facts = stat()
        #expect(stat(package.root + "/etc/readerd/credentials", &facts) == 0 && facts.st_mode & 0o7777 == 0o700)
        for link in ["sockets.target.wants/readerd.socket", "multi-user.target.wants/readerd.service"] {
            #expect(lstat(package.root + "/etc/systemd/system/" + link, &facts) == 0, "\(link) is not enabled")
        }

        #expect(
            package.exists("/lib/systemd/system/readerd-metrics.timer") && package.exists("/lib/systemd/system/readerd-metrics.service"))
        #expect(!package.exists("/etc/systemd/system/timers.target.wants/readerd-metrics.timer"), "it is for those who want it")

        let kept = ["/var/lib/readerd/journal.sqlite", "/etc/readerd/credentials/backend-token", "/etc/readerd/readerd.toml"]
        for path in kept { try package.write(path, "mine") }
        try package.write("/etc/readerd/store-ca.pem", "mine")
        let upgraded = try package.dpkg("-i \(package.scratch.path)/out/next.deb")
        #expect(!upgraded.contains("not started yet"), "\(upgraded)")
        for path in kept { #expect(Place.text(package.root + path) == "mine", "\(path) after the upgrade") }

        _ = try package.dpkg("-r readerd")
        #expect(!package.exists("/usr/bin/readerd"))
        for path in kept { #expect(Place.text(package.root + path) == "mine", "\(path) after the removal") }

        // It is to start again then, as after a first installation; an upgrade leaves an agent alone that somebody has stopped.
        let again = try package.dpkg("-i \(package.file)")
        #expect(again.contains("installed and not started yet"), "\(again)")
        for path in kept { #expect(Place.text(package.root + path) == "mine", "\(path) after the second installation") }
        #expect(!(try package.dpkg("-i \(package.scratch.path)/out/next.deb")).contains("not started yet"))

        _ = try package.dpkg("-r readerd")
        let purged = try package.dpkg("-P readerd")
        for path in kept { #expect(!package.exists(path), "\(path) after the purge") }
        #expect(Place.text(package.root + "/etc/readerd/store-ca.pem") == "mine")
        #expect(purged.contains("\n  store-ca.pem\n") && purged.contains("readerd-checkout"), "\(purged)")
    }

    /// Stopped before the new program is in place, the agent would be woken by the next caller: the old one, and it would stay.
    @Test func `an upgrade restarts the agent once the new one is in place, and a removal closes the socket first`() throws {
        let package = try Package()
        #expect(!Place.text(package.control + "/preinst").contains("deb-systemd-invoke"))
        let after = Place.text(package.control + "/postinst")
        #expect(after.contains("deb-systemd-invoke try-restart 'readerd.service'"), "\(after)")
        #expect(!after.contains("restart 'readerd.socket'") && !after.contains("start 'readerd.socket'"))
        let before = Place.text(package.control + "/prerm")
        #expect(before.contains("[ \"$1\" = remove ]"))
        #expect(
            before.contains("deb-systemd-invoke stop readerd-metrics.timer readerd.socket readerd-credentials.path readerd.service"),
            "\(before)")
    }
}
