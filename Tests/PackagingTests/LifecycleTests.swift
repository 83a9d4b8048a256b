import FoundationEssentials
import Glibc
import Testing

/// The package made, installed, upgraded, removed and purged, by dpkg itself, under a root directory of the test's own. Instead of the programs it
/// holds scripts that call them, which makes it small. There is no systemd in that root: what the scripts would ask of it is read from them.
@Suite(.timeLimit(.minutes(5)))
struct LifecycleTests {
    private struct Package {
        let scratch: Scratch
        /// What was said while it was made.
        let made: String
        var root: String { scratch.path + "/root" }
        var file: String { scratch.path + "/out/readerd.deb" }
        var control: String { scratch.path + "/tree/DEBIAN" }

        init(environment: String = "HOME=/nowhere") throws {
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
                \(environment) GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null BUILDDEB_OPTIONS=-Znone \(Place.packaging)/build-deb \(path)/bin \(path)/out
                mv \(path)/out/readerd_*.deb \(path)/out/readerd.deb
                dpkg-deb -R \(path)/out/readerd.deb \(path)/tree
                sed 's/^Version: .*/&+1/' -i \(path)/tree/DEBIAN/control
                dpkg-deb --root-owner-group -Znone -b \(path)/tree \(path)/out/next.deb
                """, in: scratch)
            #expect(made.status == 0, "\(made.output)")
            self.made = made.output
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
        // Whatever the version is called, no line of Debian's own history is longer than its tools like.
        let history = try shell("gzip -dc \(package.root)/usr/share/doc/readerd/changelog.gz", in: package.scratch)
        let entries = history.output.split(separator: "\n").filter { !$0.hasPrefix(" -- ") }
        #expect(entries.count == 3 && entries.allSatisfy { $0.count <= 60 }, "\(history.output)")
        #expect(package.exists("/usr/bin/readerd") && package.exists("/etc/readerd/readerd.toml"))
        let documents = [
            "html/index.html", "html/Routes.html", "html/style.css", "examples/readerd.toml", "examples/take_payment.py", "openapi.json",
        ]
        for path in documents + ["examples/monitoring/readerd-alerts.yml"] {
            #expect(package.exists("/usr/share/doc/readerd/" + path), "\(path)")
        }
        for page in ["man1/readerctl.1.gz", "man5/readerd.toml.5.gz", "man8/readerd.8.gz"] {
            #expect(package.exists("/usr/share/man/" + page))
        }
        #expect(package.exists("/usr/libexec/readerd/write-metrics"))
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

    /// Money that nobody has found yet is not thrown away with the journal.
    @Test func `a purge keeps a journal whose payments have not all ended, and says where`() throws {
        let package = try Package()
        // What the agent would answer, or that nobody answers.
        for (answer, isKept) in [
            ("exit 20", true), (#"echo '{"open_payments":[{"id":"p"}]}'"#, true), (#"echo '{"open_payments":[]}'"#, false),
        ] {
            _ = try package.dpkg("-i \(package.file)")
            try package.write("/var/lib/readerd/journal.sqlite", "mine")
            try package.write("/usr/bin/readerctl", "#!/bin/sh\n\(answer)\n")
            #expect(try shell("chmod 755 \(package.root)/usr/bin/readerctl", in: package.scratch).status == 0)
            let purged = try package.dpkg("-P readerd")
            #expect(!package.exists("/var/lib/readerd"))
            let kept = purged.firstMatch(of: #/is kept in (\/var\/backups\/readerd-[0-9-]+);/#)
            #expect((kept != nil) == isKept, "\(answer): \(purged)")
            if let kept { #expect(Place.text(package.root + "\(kept.1)/journal.sqlite") == "mine") }
            #expect(try shell("rm -rf \(package.root)/var/backups", in: package.scratch).status == 0)
        }
    }

    @Test func `a package's version comes from git and is older than the release that it leads to`() throws {
        let scratch = try Scratch()
        let path = scratch.path
        let made = try shell(
            """
            set -e
            mkdir -p \(path)/source/packaging && cp \(Place.packaging)/version \(path)/source/packaging/ && cd \(path)/source
            packaging/version 0.2.0
            git init -q && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
            packaging/version 0.2.0
            git -c user.name=a -c user.email=a@b commit -q --allow-empty -m two && git tag v0.2.0
            packaging/version 0.2.0
            git -c user.name=a -c user.email=a@b commit -q --allow-empty -m three
            packaging/version 0.2.0
            """, in: scratch)
        #expect(made.status == 0, "\(made.output)")
        let versions = made.output.split(separator: "\n").map(String.init)
        #expect(versions.count == 4 && versions[0] == "0.2.0" && versions[2] == "0.2.0")
        #expect(versions[1].contains(#/^0\.2\.0~1\.[0-9a-f]+$/#) && versions[3].contains(#/^0\.2\.0\+1\.g[0-9a-f]+$/#), "\(versions)")
        for (older, newer) in [(versions[1], versions[2]), (versions[2], versions[3])] {
            #expect(try shell("dpkg --compare-versions \(older) lt \(newer)", in: scratch).status == 0)
        }
    }

    @Test func `whoever answers for a package is told, and nobody is made up`() throws {
        for (told, wanted) in [
            ("MAINTAINER='A Shop <it@shop.example>'", "A Shop <it@shop.example>"), ("HOME=/nowhere", "Whoever built this package <>"),
        ] {
            let package = try Package(environment: told)
            #expect(Place.text(package.control + "/control").contains("Maintainer: \(wanted)\n"), "\(told)")
            #expect(package.made.contains("MAINTAINER=") == (wanted.hasSuffix("<>")), "\(package.made)")
        }
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
