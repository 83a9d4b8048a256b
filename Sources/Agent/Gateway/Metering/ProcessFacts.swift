import Glibc

/// What the kernel says of this process. Nil is what it did not say.
struct ProcessFacts: Sendable {
    var openDescriptors: Int?
    var descriptorLimit: Int?
    var residentBytes: Int?

    static func now() -> ProcessFacts {
        var facts = ProcessFacts()
        if let directory = opendir("/proc/self/fd") {
            defer { closedir(directory) }
            var count = 0
            while let entry = readdir(directory) {
                if entry.pointee.d_type == UInt8(DT_LNK) { count += 1 }
            }
            // The directory itself is open while it is read.
            facts.openDescriptors = count - 1
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 {
            facts.descriptorLimit = Int(clamping: limit.rlim_cur)
        }
        if let file = fopen("/proc/self/statm", "r") {
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 256)
            if fgets(&buffer, CInt(buffer.count), file) != nil {
                let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                facts.residentBytes = pages.map { $0 * sysconf(CInt(_SC_PAGESIZE)) }
            }
        }
        return facts
    }

    func write(_ out: inout OpenMetrics) {
        if let openDescriptors {
            out.family("process_open_fds", .gauge, "Open file descriptors.")
            out.sample("process_open_fds", openDescriptors)
        }
        if let descriptorLimit {
            out.family("process_max_fds", .gauge, "As many file descriptors may be open.")
            out.sample("process_max_fds", descriptorLimit)
        }
        if let residentBytes {
            out.family("process_resident_memory_bytes", .gauge, unit: "bytes", "Memory that the process holds.")
            out.sample("process_resident_memory_bytes", residentBytes)
        }
    }
}
