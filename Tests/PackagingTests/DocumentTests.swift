import FoundationEssentials
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DocumentTests {
    @Test func `manual pages are made from the commands, one for each program`() throws {
        let scratch = try Scratch()
        let made = try shell("\(Place.packaging)/manuals \(try Place.programs()) \(scratch.path)", in: scratch)
        #expect(made.status == 0, "\(made.output)")
        #expect(Place.text(scratch.path + "/readerd.8").contains(".SH EXIT STATUS"))
        let control = Place.text(scratch.path + "/readerctl.1")
        for command in ["status", "watch", "pay", "payments list", "resolve", "check", "report", "bundle"] {
            #expect(control.contains(".SS readerctl \(command)\n"), "\(command)")
        }
        #expect(Place.text(scratch.path + "/readersim.1").contains(".SH COMMANDS"))
    }

    @Test(arguments: ["bash", "zsh", "fish"], ["readerd", "readerctl"])
    func `completions are made from the commands`(language: String, program: String) throws {
        let scratch = try Scratch()
        let made = try shell("\(try Place.programs())/\(program) --generate-completion-script \(language)", in: scratch)
        #expect(made.status == 0)
        #expect(made.output.contains(program == "readerd" ? "check-config" : "payments"))
        if program == "readerctl" { for command in ["watch", "report", "bundle"] { #expect(made.output.contains(command), "\(command)") } }
    }
}
