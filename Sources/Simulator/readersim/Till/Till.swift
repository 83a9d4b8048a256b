import ArgumentParser
import CheckoutAPI
import CheckoutClient
import Dispatch
import FoundationEssentials
@preconcurrency import Glibc
import StoreSimulator

/// `readersim till` is a checkout that demonstrates. It knows the agent's socket and nothing else of the agent.
struct TillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "till", abstract: "A checkout in the terminal that takes payments through the agent's socket.",
        discussion: """
            Type a product's number to add it, 'pay' to take the payment, 'cancel' to stop it. When standard input is not a terminal, each line \
            is such a word, and each piece of news is printed as a line. The till keeps its payment on disk: killed and started again, it goes on \
            with it and never takes the money twice.
            """)

    @Option(name: .shortAndLong, help: "The directory that 'readersim run' was given.")
    var directory = "readersim-store"

    @Option(help: "The agent's socket; checkout.sock in that directory without it.")
    var socket: String?

    @Option(help: "The lane of this till.")
    var lane = "till-1"

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let till = Till(
            agent: CheckoutClient(socketPath: socket ?? directory + "/checkout.sock"), lane: lane,
            memoryFile: "\(directory)/\(lane).till.json", screen: .ofThisProcess())
        try await till.run(Self.lines())
    }

    /// Standard input, line by line. A blocking read needs a thread of its own, which ends with the program.
    private static func lines() -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream<String>.makeStream()
        DispatchQueue(label: "stdin").async {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        return lines
    }
}

/// One till: a basket, and at most one payment.
actor Till {
    private let agent: CheckoutClient
    private let lane: String
    private let memoryFile: String
    private let screen: TillScreen
    private var memory = TillMemory()
    private var basket = Basket()
    private var news: [String] = []
    private var payment: Task<Void, Never>?
    /// The cashier canceled before the agent knew the payment. The till asks for it again as soon as the agent does.
    private var cancelWanted = false

    init(agent: CheckoutClient, lane: String, memoryFile: String, screen: TillScreen) {
        self.agent = agent
        self.lane = lane
        self.memoryFile = memoryFile
        self.screen = screen
    }

    /// The sale's cart. In a real shop the backend gives it.
    private var cart: String { "\(lane)-\(memory.sale)" }

    /// Works until the lines end or a line ends it. When the lines end it waits for a payment that runs, for a script that feeds the till
    /// wants its result.
    func run(_ lines: AsyncStream<String>) async throws {
        memory = try TillMemory.read(memoryFile)
        if let open = memory.open {
            tell("The till was cut off during payment \(open.payment). Asking what became of it.")
            follow(open)
        }
        draw()
        for await line in lines {
            guard let order = Order(line) else {
                draw()
                continue
            }
            guard order != .quit else { break }
            try await obey(order)
        }
        await payment?.value
    }

    private func obey(_ order: Order) async throws {
        switch order {
        case .add, .remove, .pay, .clear:
            // A script's next order comes after the payment. A person sees what runs.
            if !screen.isTerminal { await payment?.value }
            guard payment == nil else { return tell("A payment runs: wait for it, or cancel it.") }
        case .cancel, .quit, .unknown: break
        }
        switch order {
        case .add(let product, let count): change { $0.add(product, count) }
        case .remove(let product): change { $0.add(product, -1) }
        case .pay: try pay()
        case .cancel: await cancel()
        case .clear: try await clear()
        case .unknown(let text): tell("“\(text.prefix(40))” is nothing that this till knows.")
        case .quit: break
        }
    }

    private func change(_ edit: (inout Basket) -> Void) {
        guard memory.open == nil else { return tell("This sale has a payment whose end is not known: pay it again, or begin a new one.") }
        edit(&basket)
        tell("Total \(basket.amount)")
    }

    private func pay() throws {
        if let open = memory.open {
            // The same sale is tried once more as a new attempt. That is safe for an unresolved payment, and only with the same amount.
            return try begin(cart: open.cart, amount: open.amount)
        }
        guard !basket.isEmpty else { return tell("The basket is empty.") }
        try begin(cart: cart, amount: basket.amount)
    }

    private func begin(cart: String, amount: String) throws {
        memory.attempts += 1
        let attempt = TillMemory.Attempt(payment: "\(cart)-\(memory.attempts)", cart: cart, amount: amount)
        memory.open = attempt
        try memory.write(memoryFile)
        follow(attempt)
    }

    private func clear() async throws {
        memory = TillMemory(sale: memory.sale + 1)
        try memory.write(memoryFile)
        basket = Basket()
        news = []
        tell("A new sale: \(cart)")
    }

    private func cancel() async {
        guard let open = memory.open, payment != nil else { return tell("No payment runs.") }
        do throws(ClientError) {
            _ = try await agent.cancelPayment(open.payment)
            tell("Asked the reader to stop.")
        } catch .problem(let problem) where problem.code == .paymentNotFound {
            cancelWanted = true
        } catch {
            tell("It cannot be stopped: \(error.description)")
        }
    }

    // MARK: The payment

    private func follow(_ attempt: TillMemory.Attempt) {
        payment = Task {
            await self.watch(attempt)
            self.payment = nil
            self.draw()
        }
    }

    /// Shows what happens, and how it ended.
    private func watch(_ attempt: TillMemory.Attempt) async {
        let body = PaymentBody(cart: attempt.cart, amount: attempt.amount, lane: lane)
        let deadline = ContinuousClock.now + .seconds(600)
        do {
            while true {
                let begun = try await agent.payUntilKnown(attempt.payment, body, deadline: deadline)
                if begun.state.isEnd { return try ended(begun) }
                if cancelWanted {
                    cancelWanted = false
                    await cancel()
                }
                var last: Payment.State?
                for try await event in agent.paymentEvents(attempt.payment) {
                    guard let seen = event.payment, seen.state != last else { continue }
                    last = seen.state
                    if seen.state.isEnd { return try ended(seen) }
                    tell(CashierWords(payment: seen).doing)
                    if seen.state == .unresolved {
                        // The cashier may go on. The payment stays open on disk until its end is known.
                        return tell(CashierWords(payment: seen).outcome)
                    }
                }
            }
        } catch ClientError.problem(let problem) {
            refused(problem)
        } catch let error as ClientError {
            tell("NOT KNOWN YET. \(error.description) \(CashierWords.advice)")
        } catch {
            tell("The till cannot go on: \(error)")
        }
    }

    private func ended(_ payment: Payment) throws {
        tell(CashierWords(payment: payment).outcome)
        memory.open = nil
        if payment.money == .taken {
            memory = TillMemory(sale: memory.sale + 1)
            basket = Basket()
        }
        try memory.write(memoryFile)
    }

    /// Shows a refusal, after which no payment of this attempt exists.
    private func refused(_ problem: Problem) {
        tell(["NOT PAID.", problem.detail, problem.remedy].compactMap { $0 }.joined(separator: " "))
        memory.open = nil
        do {
            try memory.write(memoryFile)
        } catch {
            tell("The till cannot write its memory: \(error)")
        }
    }

    // MARK: Showing

    private func tell(_ text: String) {
        news.append(text)
        screen.say(text)
        draw()
    }

    private func draw() { screen.draw(lane: lane, cart: memory.open?.cart ?? cart, basket, news: news) }
}

extension CheckoutClient {
    /// Begins the payment, or finds it, as soon as the agent can be reached. A refusal is thrown only when no such payment exists.
    func payUntilKnown(_ id: String, _ body: PaymentBody, deadline: ContinuousClock.Instant) async throws(ClientError) -> Payment {
        while true {
            let cause: ClientError
            do throws(ClientError) {
                return try await pay(id, body)
            } catch {
                if case .noPermission = error { throw error }
                _ = try await mayExist(after: error, id: id, last: nil, before: true)
                cause = error
            }
            guard ContinuousClock.now < deadline else { throw .notEnded(last: nil, cause: cause) }
            do {
                try await Task.sleep(for: .milliseconds(500), clock: .continuous)
            } catch {
                throw .notEnded(last: nil, cause: .canceled)
            }
        }
    }
}
