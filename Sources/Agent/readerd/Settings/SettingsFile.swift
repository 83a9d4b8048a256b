import TextSafety
import Glibc

/// Reads a TOML file into keys and values.
enum SettingsFile {
    /// The most bytes that a settings file may have.
    static let sizeLimit = 1 << 20

    static func read(_ path: String) throws(SettingsFailure) -> [(path: [String], value: SettingsValue)] {
        let text = try content(of: path)
        func failure(_ message: String) -> SettingsFailure {
            SettingsFailure(problems: [SettingsProblem(origin: .file(path), key: nil, message: message)])
        }
        let table: TOMLDocument.Table
        do throws(TOMLDocument.Slip) {
            table = try TOMLDocument.parse(text)
        } catch {
            throw failure("line \(error.line), column \(error.column): \(error.message)")
        }
        var found: [(path: [String], value: SettingsValue)] = []
        collect(table, at: [], into: &found)
        return found
    }

    /// Goes down to every value, and to tables that are keys or empty, so that each can be judged by its full path.
    private static func collect(
        _ table: TOMLDocument.Table, at path: [String], into found: inout [(path: [String], value: SettingsValue)]
    ) {
        for (key, node) in table.entries.sorted(by: { $0.key < $1.key }) {
            let here = path + [key]
            if case .table(let inner) = node, !inner.entries.isEmpty, !SettingsKey.all.contains(where: { $0.matches(here) }) {
                collect(inner, at: here, into: &found)
            } else {
                found.append((here, node.asValue))
            }
        }
    }

    private static func content(of path: String) throws(SettingsFailure) -> String {
        func failure(_ message: String) -> SettingsFailure {
            SettingsFailure(problems: [SettingsProblem(origin: .file(path), key: nil, message: message)])
        }
        // Not blocking, so that a pipe in this place is an error and not a wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure("it cannot be read: \(Shown.reason(errno))") }
        defer { _ = close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw failure("it cannot be read: \(Shown.reason(errno))") }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= sizeLimit {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("it cannot be read: \(Shown.reason(errno))") }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        guard bytes.count <= sizeLimit else { throw failure("it is larger than \(sizeLimit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("it is not UTF-8") }
        return text
    }
}

extension Shown {
    /// A value of the settings, bounded for a message.
    static func bounded(_ text: String) -> String { plain(text, limit: 200) }

    /// A value of the settings as a text of TOML, bounded for a message.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for character in bounded(text) {
            if character == "\"" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }

    static func reason(_ code: Int32) -> String {
        guard let message = strerror(code) else { return "error \(code)" }
        return String(cString: message)
    }
}
