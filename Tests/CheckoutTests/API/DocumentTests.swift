import FoundationEssentials
import NIOCore
import Testing

@testable import CheckoutAPI
@testable import CheckoutServer

/// The reference documents say what the code says.
@Suite struct DocumentTests {
    /// Each row of a document's tables, cell by cell, without backticks.
    private static func rows(_ path: String) throws -> [[String]] {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let text = try String(contentsOf: root.appending(path: "Sources/Socket/" + path), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.split(separator: "|").map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).replacing("`", with: "")
            }
        }
    }

    @Test func `every route is in the contract's table, with its role and a mark`() throws {
        let rows = try Self.rows("CheckoutAPI/CheckoutAPI.docc/Contract.md")
        for route in Route.all(document: ByteBuffer()) {
            let name = "\(route.method) \(route.pattern)"
            let found = rows.filter { $0.first == name }
            #expect(found.count == 1, "\(name) should be in Contract.md once")
            guard let row = found.first, row.count == 4 else { continue }
            #expect(row[1] == route.role.rawValue, "\(name)")
            #expect(["stable", "growing", "experimental"].contains(row[2]), "\(name)")
        }
    }

    @Test func `every route has its call in the client's table`() throws {
        let rows = try Self.rows("CheckoutClient/CheckoutClient.docc/CheckoutClient.md")
        for route in Route.all(document: ByteBuffer()) {
            let name = "\(route.method) \(route.pattern)"
            #expect(rows.contains { $0.first == name }, "\(name) should be in CheckoutClient.md, with the call that makes it")
        }
    }

    @Test func `every code of a refusal is in the table of errors, with its status`() throws {
        let rows = try Self.rows("CheckoutAPI/CheckoutAPI.docc/Errors.md")
        for (code, facts) in Problem.Code.table {
            let found = rows.filter { $0.count == 5 && $0[1] == code.rawValue }
            #expect(found.count == 1, "\(code) should be in Errors.md once")
            guard let row = found.first else { continue }
            #expect(row[0] == String(facts.status), "\(code)")
            #expect(row[3] == (facts.retryable ? "yes" : "no"), "\(code)")
        }
    }

    @Test func `every failure of a payment is in the table of failures`() throws {
        let rows = try Self.rows("CheckoutAPI/CheckoutAPI.docc/Errors.md")
        for code in Payment.FailureCode.known {
            let found = rows.filter { $0.count == 3 && $0[0] == code.rawValue }
            #expect(found.count == 1, "\(code) should be in Errors.md once")
            if let row = found.first { #expect(Payment.State(rawValue: row[1])?.isEnd == true, "\(code)") }
        }
    }
}
