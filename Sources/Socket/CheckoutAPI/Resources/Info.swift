/// What the agent is, and who is asking.
public struct Info: Sendable, Hashable, Codable {
    /// Whether real money moves.
    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        case live, test
    }

    /// Who asks, as the kernel says.
    public struct Caller: Sendable, Hashable, Codable {
        public var role: Role
        public var pid: Int
        public var uid: Int
        public var gid: Int
        public var groups: [Int]

        public init(role: Role, pid: Int, uid: Int, gid: Int, groups: [Int]) {
            self.role = role
            self.pid = pid
            self.uid = uid
            self.gid = gid
            self.groups = groups
        }
    }

    /// The program's name, `readerd`.
    public var name: String
    public var version: String
    /// The version of the contract, `1`.
    public var apiVersion: String
    /// Whether money is real; nil until the backend's configuration was read.
    public var mode: Mode?
    /// The backend's location, when the settings name one.
    public var location: String?
    public var startedAt: Timestamp
    public var uptimeSeconds: Int
    public var caller: Caller

    public init(
        name: String = "readerd", version: String, apiVersion: String = "1", mode: Mode?, location: String?, startedAt: Timestamp,
        uptimeSeconds: Int, caller: Caller
    ) {
        self.name = name
        self.version = version
        self.apiVersion = apiVersion
        self.mode = mode
        self.location = location
        self.startedAt = startedAt
        self.uptimeSeconds = uptimeSeconds
        self.caller = caller
    }

    enum CodingKeys: String, CodingKey {
        case name, version, mode, location, caller
        case apiVersion = "api_version"
        case startedAt = "started_at"
        case uptimeSeconds = "uptime_s"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(version, forKey: .version)
        try container.encode(apiVersion, forKey: .apiVersion)
        try container.encode(mode, forKey: .mode)
        try container.encode(location, forKey: .location)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(uptimeSeconds, forKey: .uptimeSeconds)
        try container.encode(caller, forKey: .caller)
    }
}
