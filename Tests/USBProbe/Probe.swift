import Discovery
import GatewayModel
import Moments
import Glibc
import NIOCore
import ReaderLinks
import Synchronization

/// USB as readerd's edges see it, in a process of its own: a program under an emulated bus has to be started under it. What it finds it writes to
/// standard output, a line each.
///
///     usbprobe watch                      a line for each report of what is plugged in
///     usbprobe echo BYTES[,BYTES…]        a stream for each size to whatever reader link is plugged in: so many bytes out, the same ones back
@main
enum Probe {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first) {
        case ("watch", nil): await watch()
        case ("echo", let sizes?): await Echo(sizes: sizes.split(separator: ",").compactMap { Int($0) }).run()
        default:
            say("usage: usbprobe watch | echo BYTES[,BYTES...]")
            exit(64)
        }
    }

    private static func watch() async {
        let report = { @Sendable (sightings: [USBSighting]) async in
            let devices = sightings.filter { $0.deviceClass != 9 }.map { sighting in
                let ids = [sighting.vendorID, sighting.productID].map { String($0, radix: 16) }.joined(separator: ":")
                let names = Set(sighting.interfaces.compactMap(\.networkInterface)).sorted()
                return "\(sighting.bus)-\(sighting.portPath)#\(sighting.device)=\(ids)/\(sighting.serial ?? "-")"
                    + (names.isEmpty ? "" : "@" + names.joined(separator: "+")) + (sighting.descriptorProblem == nil ? "" : "!")
                    + (sighting.isAuthorized ? "" : "?")
            }
            say((["report"] + devices.sorted()).joined(separator: " "))
            say("held \(Holdings.now)")
        }
        await USBWatch(report: report, trouble: { say("trouble \($0 ?? "over")") }).run()
    }
}

/// A line on standard output, at once.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(74) }
}

/// What this process holds of the system.
struct Holdings: CustomStringConvertible {
    var descriptors: Int
    /// Kilobytes of its own, files not counted.
    var memory: Int

    var description: String { "\(descriptors) descriptors, \(memory) kB" }

    static var now: Holdings {
        var holdings = Holdings(descriptors: 0, memory: 0)
        if let directory = opendir("/proc/self/fd") {
            while readdir(directory) != nil { holdings.descriptors += 1 }
            closedir(directory)
            // The directory itself, "." and "..".
            holdings.descriptors -= 3
        }
        let file = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return holdings }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &buffer, buffer.count)
        for line in String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n") where line.hasPrefix("RssAnon:") {
            holdings.memory = line.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0
        }
        return holdings
    }
}
