package import CheckoutAPI
package import CheckoutServer
internal import GatewayCore
internal import GatewayModel
import Moments

extension GatewayService {
    package func discover(_ body: DiscoveryBody, caller: Caller) async throws(Problem) -> LineSource<DiscoveryLine> {
        let transports = body.transports ?? DiscoveryBody.Transport.allCases
        let subnets = try body.subnets.map { texts throws(Problem) in try Self.subnets(texts) }
        let order = DiscoveryOrder(usb: transports.contains(.usb), lan: transports.contains(.lan), subnets: subnets)
        let began = ContinuousClock.now
        let lines: LookStreams.Lines
        do throws(Refusal) {
            lines = try await engine.discover(order)
        } catch {
            throw Problem(error)
        }
        return LineSource { send in
            for await line in lines {
                switch line {
                case .news(.progress(let looked, let total)): send(.progress(DiscoveryProgress(looked: looked, of: total)))
                case .news(.device(let view)): send(.device(Device(view)))
                case .ended(let summary): send(.summary(DiscoverySummary(summary, took: ContinuousClock.now - began)))
                case .refused(let refusal): throw Problem(refusal)
                }
            }
        }
    }

    /// The server has checked the syntax by the same rules; what is checked again here is what the type demands.
    private static func subnets(_ texts: [String]) throws(Problem) -> [Subnet] {
        var subnets: [Subnet] = []
        for (index, text) in texts.enumerated() {
            do throws(Subnet.Problem) {
                let subnet = try Subnet(text)
                if !subnets.contains(subnet) { subnets.append(subnet) }
            } catch {
                throw .invalid("subnets[\(index)]", SubnetText.problem(text) ?? "is not a network that may be looked at")
            }
        }
        return subnets
    }
}

extension DiscoverySummary {
    fileprivate init(_ summary: LookSummary, took: Duration) {
        self.init(
            devices: summary.devices, addresses: summary.addresses, subnets: summary.subnets.map(\.description),
            notes: summary.notes.map { Reason(code: $0.code.rawValue, message: $0.message, remedy: $0.remedy) },
            durationSeconds: Double((took / .milliseconds(1)).rounded()) / 1000)
    }
}
