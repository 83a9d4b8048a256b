/// A word from outside in a printed command that a person runs as it stands.
package enum PrintedWord {
    /// The word if a shell takes it for exactly one word and a program for no option; else the placeholder.
    package static func of(_ word: String, else placeholder: String) -> String {
        let isPlain =
            !word.isEmpty && word.utf8.first != UInt8(ascii: "-")
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        return isPlain ? word : placeholder
    }
}
