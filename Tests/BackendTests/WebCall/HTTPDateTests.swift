import Testing
import WebCall

@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Int64(0)), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199_000), ("Fri, 31 Dec 2100 00:00:00 GMT", 4_133_894_400_000),
    ])
    func `a date is read`(text: String, milliseconds: Int64) {
        #expect(HTTPDate.parse(text) == milliseconds)
    }

    @Test(arguments: [
        "", "yesterday", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:00:00 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 :: GMT",
    ])
    func `what is no date is none`(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test func `a moment is written for people`() {
        #expect(HTTPDate.readable(784_111_777_000) == "1994-11-06 08:49 UTC")
        #expect(HTTPDate.readable(1_709_251_199_000) == "2024-02-29 23:59 UTC")
        #expect(HTTPDate.readable(-1) == "1969-12-31 23:59 UTC")
    }
}
