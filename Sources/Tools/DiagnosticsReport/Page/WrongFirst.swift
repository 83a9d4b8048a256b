package import CheckoutAPI

extension [Check] {
    /// What is wrong, in the order in which a person is told it, each with what it probably follows from.
    ///
    /// Money of which nobody knows comes before everything. What stops payments comes before what only wants a look, and a cause before its consequences.
    package var wrongFirst: [(check: Check, because: Check?)] {
        let ordered = causesFirst
        let payments = ordered.filter { $0.check.id == "payments" }
        let others = ordered.filter { $0.check.id != "payments" }
        return [payments, others].flatMap { group in
            [Check.Status.fail, .warn].flatMap { status in group.filter { $0.check.status == status } }
        }
    }
}
