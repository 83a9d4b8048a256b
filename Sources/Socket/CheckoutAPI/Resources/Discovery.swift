/// How far a scan is.
public struct DiscoveryProgress: Sendable, Hashable, Codable {
    /// Addresses that have been looked at.
    public var looked: Int
    /// Addresses that there are to look at.
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
    /// A device that is seen now.
    case device(Device)
    case summary(DiscoverySummary)
    /// The agent ends the stream and says why.
    case end(Problem)

    /// A device has a member of its own: its fields would mix with the line's.
    private struct Seen: Codable {
        var device: Device
    }

    public init(from decoder: any Decoder) throws {
        self = try StreamedLine.read(decoder, heartbeat: .heartbeat, end: DiscoveryLine.end) { type in
            switch type {
            case "progress": .progress(try DiscoveryProgress(from: decoder))
            case "device": .device(try Seen(from: decoder).device)
            case "summary": .summary(try DiscoverySummary(from: decoder))
            default: nil
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .heartbeat: try StreamedLine.write("heartbeat", to: encoder)
        case .progress(let progress): try StreamedLine.write("progress", progress, to: encoder)
        case .device(let device): try StreamedLine.write("device", Seen(device: device), to: encoder)
        case .summary(let summary): try StreamedLine.write("summary", summary, to: encoder)
        case .end(let problem): try StreamedLine.write("end", problem: problem, to: encoder)
        }
    }
}
