/// Which of the things that are wrong is the cause, and which follow from it: a person is told the cause first.
extension [Check] {
    /// The checks in the order in which a person reads them. What has failed because of another comes after that, with it.
    package var causesFirst: [(check: Check, because: Check?)] {
        let places = Dictionary(Check.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let wrong = filter { $0.status == .fail }
        return enumerated().map { (offset: $0.offset, check: $0.element, because: $0.element.cause(among: wrong)) }
            .sorted { left, right in
                let (a, b) = (places[left.check.id] ?? .max, places[right.check.id] ?? .max)
                return (left.because == nil ? 0 : 1, a, left.check.subject ?? "", left.offset)
                    < (right.because == nil ? 0 : 1, b, right.check.subject ?? "", right.offset)
            }
            .map { ($0.check, $0.because) }
    }
}

extension Check {
    /// What follows from what, the likelier cause first. A consequence about one reader follows from a cause about the same reader, or about all.
    private static let causes: [String: [String]] = [
        "journal": ["disk", "state"],
        // A box without a network has no name server either.
        "name_servers": ["backend"],
        "backend": ["clock"],
        "credential": ["backend"],
        "stripe": ["clock", "backend", "name_servers"],
        "token": ["credential", "backend", "clock"],
        "readers": ["reader_route", "reader_port", "reader_certificate", "reader_address", "other_agents", "reader_state", "mode"],
        "reader_state": ["reader_route", "reader_port", "reader_certificate", "reader_address", "other_agents", "credential", "backend"],
        "reader_port": ["reader_route"],
        "reader_certificate": ["clock"],
    ]

    /// Words of a cause that is the box's own network: of others a dead name server is the cause, not the consequence.
    package static let noWay = "This box has no way to"

    fileprivate func cause(among wrong: [Check]) -> Check? {
        guard status == .fail || status == .warn, let causes = Self.causes[id] else { return nil }
        for cause in causes {
            // Two name servers may be dead while the backend does not answer for another reason: only a box without a way explains them.
            let found = wrong.first {
                $0.id == cause && ($0.subject == nil || subject == nil || $0.subject == subject)
                    && (id != "name_servers" || $0.detail.contains(Self.noWay))
            }
            if let found { return found }
        }
        return nil
    }
}
