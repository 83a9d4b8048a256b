import CheckoutAPI
import FoundationEssentials
import Logging
import Moments
import NIOCore

/// Answers questions of a connection where its bytes arrive, when nobody else has to be asked: what the agent is, and payments that have ended. Whatever
/// is not plainly such a question goes the common way, and gets the same answer there. Lives on the event loop.
final class QuickAnswers {
    struct Answer {
        var bytes: ByteBuffer
        var keepsConnection: Bool
    }

    private let server: ServerContext
    private let caller: Caller
    /// Odd steps from a random start: no two requests of a connection have one name, and the kernel is not asked for each.
    private var lastID = UInt64.random(in: .min ... .max)
    /// The text of the second that was told last.
    private var date: (second: Int64, text: String) = (.min, "")
    /// What the agent said it is, and the text of that: it changes once in a second.
    private var info: (said: Info, text: [UInt8])?

    private static let paymentPath = Array("/v1/payments/".utf8)

    init(_ server: ServerContext, peer: PeerCredentials, role: Role) {
        self.server = server
        // Its requests have names of their own; none of these answers depends on one.
        caller = Caller(pid: peer.pid, uid: peer.uid, gid: peer.gid, groups: peer.groups, role: role, requestID: "")
    }

    /// Nil: the request goes the common way. Every role may ask these.
    func answer(to head: RequestHead) -> Answer? {
        guard head.method == "GET", head.query == nil, !head.announcesBody, !head.has("origin"), !head.has("referer"),
            !server.stopping.isFired, let content = content(head.path)
        else { return nil }
        let began = ContinuousClock.now
        let keeps = head.keepsConnection
        lastID &+= 0x9e37_79b9_7f4a_7c15
        let now = server.now()
        let context = ResponseContext(
            version: server.version, requestID: head.requestID ?? Exchange.requestID(lastID), minorVersion: head.minorVersion,
            keepsConnection: keeps, now: now, date: text(of: now))
        let bytes = Response(status: 200, body: .bytes(content, type: "application/json")).wireBytes(context)
        Exchange.log(server, caller.uid, head, context.requestID, 200, since: began)
        return Answer(bytes: bytes, keepsConnection: keeps)
    }

    private func content(_ path: String) -> [UInt8]? {
        if path == "/v1/info" { return infoText() }
        guard let settled = server.settled, path.utf8.starts(with: Self.paymentPath) else { return nil }
        let id = path.utf8.dropFirst(Self.paymentPath.count)
        // What is encoded, or goes on, is understood elsewhere.
        guard !id.contains(UInt8(ascii: "%")), !id.contains(UInt8(ascii: "/")) else { return nil }
        return settled.answer(of: String(Substring(id)), for: caller.role)
    }

    private func infoText() -> [UInt8]? {
        guard let said = server.service.infoAtHand(caller: caller) else { return nil }
        if let info, info.said == said { return info.text }
        do {
            let text = try Response.encoded(said)
            info = (said, text)
            return text
        } catch {
            // The common way says what is wrong.
            return nil
        }
    }

    private func text(of now: Timestamp) -> String {
        let second = now.milliseconds / 1000
        if date.second != second { date = (second, HTTPDate.text(WallTime(now.milliseconds))) }
        return date.text
    }
}
