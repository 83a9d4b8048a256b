/// A reader's published name, and whether a certificate's names cover it.
package enum HostName {
    /// Whether the text is a DNS name of letters, digits and hyphens with at least two labels, and no address.
    package static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (3...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(isLabel), let last = labels.last else { return false }
        return !last.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Compares without regard to case. A wildcard stands for exactly one left-most label, whole, under a name of at least two labels. Only
    /// the certificate's DNS names count, neither its addresses nor its common name.
    package static func matches(_ host: String, certificateName: String) -> Bool {
        let host = labels(host)
        let name = labels(certificateName)
        guard host.count >= 2, host.count == name.count, !host.contains(where: \.isEmpty) else { return false }
        guard name[0] == "*" else { return host == name }
        return name.count >= 3 && host.dropFirst().elementsEqual(name.dropFirst())
    }

    private static func labels(_ name: String) -> [String] {
        guard name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return [] }
        return name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    private static func isLabel(_ label: Substring.UTF8View.SubSequence) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen else { return false }
        return label.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                hyphen:
                true
            default: false
            }
        }
    }
}
