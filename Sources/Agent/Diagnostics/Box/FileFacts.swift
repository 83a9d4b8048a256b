internal import Glibc

/// What a file looks like from outside.
struct FileFacts: Sendable {
    var mode: UInt32
    var owner: UInt32
    var group: UInt32
    var isDirectory: Bool
    var size: Int

    /// Looks at a file. Nil leaves the reason in `errno`.
    init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        mode = facts.st_mode & 0o7777
        owner = facts.st_uid
        group = facts.st_gid
        isDirectory = facts.st_mode & S_IFMT == S_IFDIR
        size = Int(facts.st_size)
    }

    var modeText: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    static var reason: String { strerror(errno).map { String(cString: $0) } ?? "error \(errno)" }
}

/// Names of users and groups, for sentences.
enum Accounts {
    static func user(_ number: UInt32) -> String {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let start = buffer.baseAddress, getpwuid_r(number, &record, start, buffer.count, &found) == 0, found != nil,
                let name = record.pw_name
            else { return "\(number)" }
            return String(cString: name)
        }
    }

    static func group(_ number: UInt32) -> String {
        var record = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            guard let start = buffer.baseAddress, getgrgid_r(number, &record, start, buffer.count, &found) == 0, found != nil,
                let name = record.gr_name
            else { return "\(number)" }
            return String(cString: name)
        }
    }

    /// Who is in a group by its list; nil when there is no such group. Users whose first group it is are not in that list.
    static func members(ofGroup name: String) -> [String]? {
        var record = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            guard let start = buffer.baseAddress, getgrnam_r(name, &record, start, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            var members: [String] = []
            var next = record.gr_mem
            while let pointer = next?.pointee {
                members.append(String(cString: pointer))
                next = next?.advanced(by: 1)
            }
            return members
        }
    }
}

/// A short text file of the kernel's, without the white space around it; nil when it cannot be read.
func kernelText(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    let words = buffer.prefix(count).split(whereSeparator: { $0 <= 0x20 })
    return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
}

/// The names in a directory, sorted; nil when it cannot be read.
func names(in path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
