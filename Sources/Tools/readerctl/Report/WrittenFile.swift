import Glibc

/// A file that is there whole or not at all, and for its owner alone.
enum WrittenFile {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    /// Replaces what is there under that name. A link under that name is replaced, not followed.
    static func write(_ bytes: [UInt8], to path: String) throws(Fault) {
        var template = Array((path + ".XXXXXX").utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map { mkstemp($0) } ?? -1 }
        guard descriptor >= 0 else { throw fault("cannot be written", path) }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var rest = bytes[...]
        var problem: Fault?
        while !rest.isEmpty, problem == nil {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { problem = fault("cannot be written", path) }
        }
        if close(descriptor) != 0, problem == nil { problem = fault("cannot be written", path) }
        if problem == nil, rename(temporary, path) != 0 { problem = fault("cannot be put there", path) }
        guard let problem else { return }
        unlink(temporary)
        throw problem
    }

    private static func fault(_ what: String, _ path: String) -> Fault {
        Fault(description: "\(path) \(what): \(String(cString: strerror(errno))).")
    }
}
