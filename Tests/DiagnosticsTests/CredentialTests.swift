import CheckoutAPI
import GatewayModel
import Moments
import Testing

@testable import Diagnostics

/// How long the backend's credential is good for, in words.
@Suite struct CredentialTests {
    private static let now: WallTime = 1_769_851_800_000
    private static let day: Int64 = 86_400_000

    @Test func `a credential that ends soon is a warning, one that has ended a failure`() {
        let file = "/etc/readerd/credentials/backend-token"
        func finding(_ life: CredentialLife) -> Finding { Checkup.life(life, now: Self.now, file: file) }
        let soon = finding(.ends(Self.now + 3 * Self.day))
        #expect(soon.status == .warn && soon.detail.contains("after that no payment can be taken") && soon.remedy?.contains(file) == true)
        #expect(finding(.ends(Self.now - 1)).status == .fail)
        #expect(finding(.ends(Self.now + 30 * Self.day)).status == .pass)
    }

    @Test func `what is not known is said to be not known`() {
        #expect(Checkup.life(.notSaid, now: Self.now, file: nil) == .pass("When it ends is not known: it does not say."))
        #expect(Checkup.life(.renewed(endsIn: nil), now: Self.now, file: nil) == .pass("readerd renews it by itself."))
        #expect(Checkup.life(.renewed(endsIn: .seconds(600)), now: Self.now, file: nil).detail.hasSuffix("lasts for 10 more minutes."))
    }
}
