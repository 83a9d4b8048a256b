/// How far a scan is.
public struct DiscoveryProgress: Sendable, Hashable, Codable {
    /// Addresses that have been looked at.
    public var looked: Int
    /// Of so many.
    public var of: Int

    public init(looked: Int, of: Int) {
        self.looked = looked
        self.of = of
    }
}

/// What a scan came to.
public struct DiscoverySummary: Sendable, Hashable, Codable {
    /// Devices that were seen.
    public var devices: Int
    /// Addresses of the LAN that were looked at.
    public var addresses: Int
    /// The networks whose addresses these were, beside single ones.
    public var subnets: [String]
    /// What was not looked at, or not wholly, and why.
    public var notes: [Reason]
    public var durationSeconds: Double

    public init(devices: Int, addresses: Int, subnets: [String], notes: [Reason], durationSeconds: Double) {
        self.devices = devices
        self.addresses = addresses
        self.subnets = subnets
        self.notes = notes
        self.durationSeconds = durationSeconds
    }

    enum CodingKeys: String, CodingKey {
        case devices, addresses, subnets, notes
        case durationSeconds = "duration_s"
    }
}

/// A scan in one object: the answer to a caller that does not take a stream.
public struct DiscoveryReport: Sendable, Hashable, Codable {
    public var devices: [Device]
    public var summary: DiscoverySummary

    public init(devices: [Device], summary: DiscoverySummary) {
        self.devices = devices
        self.summary = summary
    }
}

/// One line of a scan: `{"type": "progress", …}` and `{"type": "summary", …}` with their own fields beside, `{"type": "device", "device": {…}}`.
public enum DiscoveryLine: Sendable, Hashable, Codable {
    case heartbeat
    case progress(DiscoveryProgress)
    /// Seen now.
    case device(Device)
    case summary(DiscoverySummary)
    /// The agent ends the stream and says why.
    case end(Problem)

    private enum CodingKeys: String, CodingKey { case type, device, problem }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "progress": self = .progress(try DiscoveryProgress(from: decoder))
        case "device": self = .device(try container.decode(Device.self, forKey: .device))
        case "summary": self = .summary(try DiscoverySummary(from: decoder))
        case "end": self = .end(try container.decode(Problem.self, forKey: .problem))
        default: self = .heartbeat
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .heartbeat: try container.encode("heartbeat", forKey: .type)
        case .progress(let progress):
            try container.encode("progress", forKey: .type)
            try progress.encode(to: encoder)
        case .device(let device):
            try container.encode("device", forKey: .type)
            try container.encode(device, forKey: .device)
        case .summary(let summary):
            try container.encode("summary", forKey: .type)
            try summary.encode(to: encoder)
        case .end(let problem):
            try container.encode("end", forKey: .type)
            try container.encode(problem, forKey: .problem)
        }
    }
}
