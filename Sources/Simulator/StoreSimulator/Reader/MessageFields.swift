import JSON

/// The reason why a strict reader does not take a message.
struct MessageFault: Error, Equatable {
    var why: String
}

/// Reads the members of a message by their declared names and kinds, and knows which were never declared.
struct MessageFields {
    private let name: String
    private let members: JSONObject

    /// - Parameter declared: every member that the message may have.
    init(_ value: JSONValue?, _ name: String, declared: Set<String>) throws(MessageFault) {
        guard let members = value?.object else { throw MessageFault(why: "\(name) is not an object") }
        if let stranger = members.names.sorted().first(where: { !declared.contains($0) }) {
            throw MessageFault(why: "\(name) has no field '\(stranger)'")
        }
        self.name = name
        self.members = members
    }

    /// A member that is there and is not null.
    func value(_ key: String) -> JSONValue? {
        guard let value = members[key], !value.isNull else { return nil }
        return value
    }

    func required(_ key: String) throws(MessageFault) -> JSONValue {
        guard let value = value(key) else { throw MessageFault(why: "\(name).\(key) is missing") }
        return value
    }

    func string(_ key: String, mayBeEmpty: Bool = false) throws(MessageFault) -> String {
        guard let text = try required(key).string else { throw MessageFault(why: "\(name).\(key) is not a string") }
        guard mayBeEmpty || !text.isEmpty else { throw MessageFault(why: "\(name).\(key) is empty") }
        return text
    }

    func optionalString(_ key: String) throws(MessageFault) -> String? {
        guard value(key) != nil else { return nil }
        return try string(key, mayBeEmpty: true)
    }

    func integer(_ key: String) throws(MessageFault) -> Int {
        guard let number = try required(key).int else { throw MessageFault(why: "\(name).\(key) is not an integer") }
        return number
    }

    func optionalInteger(_ key: String) throws(MessageFault) -> Int? {
        guard value(key) != nil else { return nil }
        return try integer(key)
    }

    func bool(_ key: String, default whenAbsent: Bool) throws(MessageFault) -> Bool {
        guard let value = value(key) else { return whenAbsent }
        guard let flag = value.bool else { throw MessageFault(why: "\(name).\(key) is not a boolean") }
        return flag
    }

    func array(_ key: String) throws(MessageFault) -> [JSONValue] {
        guard let elements = try required(key).array else { throw MessageFault(why: "\(name).\(key) is not a list") }
        return elements
    }
}
