import TextSafety

internal import CheckoutAPI

/// HTML and SVG text in which everything from outside is a text and nothing else.
struct Markup: Sendable, Equatable {
    private(set) var text = ""

    static func + (left: Markup, right: Markup) -> Markup { Markup(markup: left.text + right.text) }
    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    init() {}

    private init(markup: String) { text = markup }

    /// Text from anywhere: labels, messages, names of devices.
    init(_ text: String, limit: Int = 1000) { self.text = Self.escaped(text, limit: limit) }

    /// Takes what stands in this source, as it is.
    init(trusted: StaticString) { text = trusted.description }

    /// An element. Names and attribute names stand in this source; values may come from anywhere.
    static func element(_ name: StaticString, _ attributes: [(String, String)] = [], _ content: Markup = Markup()) -> Markup {
        Markup(markup: opening(name, attributes) + ">" + content.text + "</\(name)>")
    }

    static func element(_ name: StaticString, _ attributes: [(String, String)] = [], text: String) -> Markup {
        element(name, attributes, Markup(text))
    }

    /// An element that holds nothing and has no end.
    static func void(_ name: StaticString, _ attributes: [(String, String)] = []) -> Markup {
        Markup(markup: opening(name, attributes) + ">")
    }

    private static func opening(_ name: StaticString, _ attributes: [(String, String)]) -> String {
        "<\(name)" + attributes.map { " \($0)=\"\(escaped($1, limit: 2000))\"" }.joined()
    }

    static func joined(_ parts: [Markup]) -> Markup { Markup(markup: parts.map(\.text).joined()) }

    /// The text without markup, without what cannot be seen or turns the direction of what follows, without secrets, and bounded.
    private static func escaped(_ text: String, limit: Int) -> String {
        var result = String.UnicodeScalarView()
        for (count, scalar) in SecretShapes.hidden(text).text.unicodeScalars.enumerated() {
            guard count < limit else {
                result.append("…")
                break
            }
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\t": result.append(scalar)
            default:
                result.append(Shown.isSeen(scalar) ? scalar : " ")
            }
        }
        return String(result)
    }
}
