import JSON

/// What a field of a body may hold: how it is read, and what the OpenAPI document says of it. One declaration serves both.
package struct Field<Value: Sendable>: Sendable {
    /// The field's schema, as the document has it.
    let schema: JSONValue
    /// Reads what came, or refuses it by its place.
    let read: @Sendable (_ value: JSONValue, _ path: String, _ body: BodyReader) -> Value?
}

extension Field where Value == String {
    package static func text(_ rule: TextRule, _ says: String) -> Field {
        Field(schema: Schema.text(rule, says)) { value, path, body in
            guard case .string(let text) = value else { return body.wrongKind(value, path, "must be a string") }
            guard rule.accepts(text) else {
                body.refuse(path, "must be \(rule.says)")
                return nil
            }
            return text
        }
    }

    /// A text that is more than a pattern can tell.
    ///
    /// - Parameter problem: what is wrong with it, after the field's name; nil: nothing.
    package static func text(_ rule: TextRule, _ says: String, problem: @escaping @Sendable (String) -> String?) -> Field {
        Field(schema: Schema.text(rule, says)) { value, path, body in
            guard case .string(let text) = value else { return body.wrongKind(value, path, "must be a string") }
            if let problem = problem(text) {
                body.refuse(path, problem)
                return nil
            }
            return text
        }
    }

    package static let cart = text(.cart, "The backend's cart.")
    package static let amount = text(.amount, "In the major unit: a decimal string, greater than zero.")
    package static let balance = text(.amountOrZero, "What is paid from the customer's account balance, in the major unit.")
    package static let lane = text(.name, "The lane (till), as the settings name it.")
    package static let reader = text(.name, "A `tmr_` id, a serial number, or a label that one reader has.")
    /// A technician's note.
    package static func note(_ says: String) -> Field { text(.note, says) }
}

extension Field where Value == Int64 {
    package static func integer(_ range: ClosedRange<Int64>, _ says: String) -> Field {
        Field(schema: Schema.integer(range, says)) { value, path, body in
            guard case .number(let number) = value else { return body.wrongKind(value, path, "must be a whole number") }
            guard let integer = number.integer, range.contains(integer) else {
                body.refuse(path, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return integer
        }
    }
}

extension Field where Value == Bool {
    package static func flag(_ says: String) -> Field {
        Field(schema: Schema.flag(says)) { value, path, body in
            guard case .bool(let flag) = value else { return body.wrongKind(value, path, "must be true or false") }
            return flag
        }
    }
}

extension Field where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// A word of a closed set.
    package static func word(_ says: String) -> Field {
        let words = Value.allCases.map(\.rawValue)
        return Field(schema: Schema.words(words, says)) { value, path, body in
            guard case .string(let text) = value else { return body.wrongKind(value, path, "must be a string") }
            guard let word = Value(rawValue: text) else {
                body.refuse(path, "must be one of " + words.joined(separator: ", "))
                return nil
            }
            return word
        }
    }
}

extension Field where Value: StrictBody {
    /// An object with fields of its own.
    package static var object: Field {
        Field(schema: Schema.reference(Value.schemaName)) { value, path, body in body.object(value, path) }
    }
}

extension Field {
    package static func list<Element>(_ count: ClosedRange<Int>, of element: Field<Element>, _ says: String) -> Field
    where Value == [Element] {
        Field(schema: Schema.list(element.schema, count: count, says)) { value, path, body in
            guard case .array(let values) = value else { return body.wrongKind(value, path, "must be a list") }
            guard count.contains(values.count) else {
                body.refuse(path, "must have \(count.lowerBound) to \(count.upperBound) entries, not \(values.count)")
                return nil
            }
            let elements = values.enumerated().map { index, value in element.read(value, "\(path)[\(index)]", body) }
            let sound = elements.compactMap { $0 }
            return sound.count == values.count ? sound : nil
        }
    }
}
