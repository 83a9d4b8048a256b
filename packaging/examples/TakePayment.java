// Takes one card payment through readerd, and survives a power cut at any moment.
//
//     java TakePayment.java --cart 123 --amount 56.78 --lane till-1 --sales ./sales
//
// Needs Java 17 and nothing else. The rule that makes it safe: the payment's id and body are on disk before they are sent, and whoever
// starts again sends the same id and body again. readerd then attaches to the payment that runs, or tells how it ended; it never begins a
// second one. Run it again with the same arguments after any interruption.
//
// Java's own HTTP client cannot use a Unix socket and its library has no JSON, so the little of both that is needed stands at the end. A
// program that has Netty or Jackson at hand uses those instead.
//
// Exit status: 0 paid, 1 not paid, 2 money is held but there is no order, 3 not known yet or the agent cannot be reached: run it again.

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

public class TakePayment {
    static final Set<String> ENDED = Set.of("succeeded", "declined", "canceled", "canceled_by_customer", "timed_out", "failed");

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>(Map.of("socket", "/run/readerd/checkout.sock", "sales", "sales", "patience", "120"));
        for (int index = 0; index + 1 < arguments.length; index += 2) options.put(arguments[index].replaceFirst("^--", ""), arguments[index + 1]);
        for (String name : List.of("cart", "amount", "lane")) {
            if (!options.containsKey(name)) throw new IllegalArgumentException("--" + name + " is missing");
        }
        System.exit(run(options));
    }

    static int run(Map<String, String> options) throws IOException, InterruptedException {
        String cart = options.get("cart");
        Agent agent = new Agent(Path.of(options.get("socket")));
        Sale sale = new Sale(Path.of(options.get("sales")), cart);
        Map<String, Object> last = sale.attempts.isEmpty() ? null : object(sale.attempts.get(sale.attempts.size() - 1));
        if (last != null && last.get("outcome") != null) {
            Map<String, Object> known = object(last.get("outcome"));
            if (Set.of("taken", "authorized").contains(known.get("money"))) return tell(known);
        }
        if (last == null || last.get("outcome") != null) {
            // A new attempt to be paid, so a new id. It goes to disk before it goes to the agent.
            String id = options.get("lane") + "-" + cart + "-" + (sale.attempts.size() + 1);
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("cart", cart);
            body.put("amount", options.get("amount"));
            body.put("lane", options.get("lane"));
            last = new LinkedHashMap<>();
            last.put("payment", id.replaceAll("[^A-Za-z0-9._-]", "_"));
            last.put("body", body);
            last.put("outcome", null);
            sale.attempts.add(last);
            sale.save();
        } else {
            System.out.println("Going on with payment " + last.get("payment") + ", which was interrupted.");
        }

        try {
            // What the payment will need is made ready. If that cannot be done now, the payment will say so itself.
            agent.ask("PUT", "/v1/carts/" + encoded(cart), Map.of("lane", options.get("lane")));
        } catch (IOException unreachable) {
            System.out.println("The agent cannot be reached yet.");
        }
        Map<String, Object> answer =
            follow(agent, (String) last.get("payment"), object(last.get("body")), Long.parseLong(options.get("patience")));
        if (answer == null) {
            System.out.println("NOT KNOWN YET: run this again");
            return 3;
        }
        if (!answer.containsKey("state")) {
            System.out.println("NOT PAID: " + answer.get("detail") + (answer.get("remedy") == null ? "" : " " + answer.get("remedy")));
            sale.attempts.remove(sale.attempts.size() - 1);
            sale.save();
            return 1;
        }
        // Said first and written down after it: a power cut between the two says it twice, never not at all.
        int status = tell(answer);
        last.put("outcome", answer);
        sale.save();
        return status;
    }

    /**
     * Begins the payment, or finds it, and stays with it until it has ended. Gives the payment; a refusal's problem when no such payment
     * exists; null when neither is known in time.
     */
    static Map<String, Object> follow(Agent agent, String payment, Map<String, Object> body, long patience) throws InterruptedException {
        int seen = 0;
        long unclearSince = 0;
        while (true) {
            try {
                Agent.Answer answer = agent.ask("PUT", "/v1/payments/" + payment, body);
                if (answer.status < 300) {
                    if (ENDED.contains(answer.value.get("state"))) return answer.value;
                    if (!"unresolved".equals(answer.value.get("state"))) unclearSince = 0;
                    try (Agent.Exchange events = agent.open("GET", "/v1/payments/" + payment + "/events", null)) {
                        String line;
                        while (events.status == 200 && (line = events.line()) != null) {
                            Map<String, Object> event = object(JSON.read(line));
                            if (event.get("payment") == null) continue;
                            Map<String, Object> current = object(event.get("payment"));
                            List<?> timeline = (List<?>) current.get("timeline");
                            for (; seen < timeline.size(); seen++) {
                                String words = doing(current, (String) object(timeline.get(seen)).get("state"));
                                if (words != null) System.out.println(words);
                            }
                            if (ENDED.contains(current.get("state"))) return current;
                            if ("unresolved".equals(current.get("state"))) break;
                        }
                    }
                } else if (!Boolean.TRUE.equals(answer.value.get("retryable"))) {
                    // This request began nothing. An earlier one may have, before the power went: only the agent's own word settles that.
                    if (agent.ask("GET", "/v1/payments/" + payment, null).status == 404) return answer.value;
                } else {
                    System.out.println(answer.value.get("detail"));
                }
            } catch (IOException error) {
                System.out.println("The agent cannot be reached at " + agent.socket + " (" + error.getMessage() + "); trying again.");
            }
            if (unclearSince == 0) unclearSince = System.nanoTime();
            if (System.nanoTime() - unclearSince > TimeUnit.SECONDS.toNanos(patience)) return null;
            Thread.sleep(1000);
        }
    }

    static String doing(Map<String, Object> payment, String state) {
        Object reader = payment.get("reader_label") != null ? payment.get("reader_label") : payment.get("reader");
        if (reader == null) reader = "the reader";
        return switch (state) {
            case "queued" -> "Waiting for " + reader + ".";
            case "preparing" -> "Preparing " + reader + ".";
            case "waiting_for_card" -> "Please present a card at " + reader + ": " + payment.get("amount") + ".";
            case "authorizing" -> "The card is being charged.";
            case "finishing" -> "The card was charged. The order is being completed.";
            case "unresolved" -> "Not known yet whether the money was taken. Do not take it again; the agent goes on finding out.";
            default -> null;
        };
    }

    /** Says the last line, for the cashier, and gives the exit status. */
    static int tell(Map<String, Object> payment) {
        String order = payment.get("order") == null ? "no order" : "order " + payment.get("order");
        switch ((String) payment.get("money")) {
            case "taken":
                System.out.println("PAID " + payment.get("amount") + ", " + order);
                return 0;
            case "authorized":
                System.out.println("HELD " + payment.get("amount") + ", " + order + ": a matter for the back office");
                return 2;
            case "unknown":
                System.out.println("NOT KNOWN YET: run this again");
                return 3;
            default:
                Map<String, Object> failure = payment.get("failure") == null ? Map.of() : object(payment.get("failure"));
                Object remedy = failure.get("remedy");
                System.out.println(
                    "NOT PAID: " + failure.getOrDefault("message", payment.get("state")) + (remedy == null ? "" : " " + remedy));
                return 1;
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}

/** What must outlive a power cut: which attempts were made to pay a cart, and how they ended. One file for each cart. */
class Sale {
    final List<Object> attempts = new ArrayList<>();
    private final Path directory;
    private final Path path;

    Sale(Path directory, String cart) throws IOException {
        this.directory = Files.createDirectories(directory);
        this.path = directory.resolve(TakePayment.encoded(cart) + ".json");
        if (Files.exists(path)) attempts.addAll((List<?>) JSON.read(Files.readString(path)));
    }

    void save() throws IOException {
        // The new file is whole on disk before it takes the old one's name, and the name is on disk before anything is sent.
        Path fresh = Path.of(path + ".new");
        try (FileChannel file =
            FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(JSON.write(attempts));
            while (bytes.hasRemaining()) file.write(bytes);
            file.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        // On Linux a directory can be opened for reading and synchronised.
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        }
    }
}

/** readerd's socket. Each request has a connection of its own: that is cheap on a Unix socket. */
class Agent {
    /** A stream has a heartbeat at least every 15 seconds, so 45 seconds of silence mean that the agent is gone. */
    private static final int SILENCE_S = 45;
    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "silence");
        thread.setDaemon(true);
        return thread;
    });

    final Path socket;

    Agent(Path socket) {
        this.socket = socket;
    }

    static class Answer {
        int status;
        Map<String, Object> value = Map.of();
    }

    Answer ask(String method, String target, Map<String, Object> body) throws IOException {
        try (Exchange exchange = open(method, target, body)) {
            Answer answer = new Answer();
            answer.status = exchange.status;
            StringBuilder text = new StringBuilder();
            for (String line = exchange.line(); line != null; line = exchange.line()) text.append(line).append('\n');
            if (!text.isEmpty()) answer.value = TakePayment.object(JSON.read(text.toString()));
            return answer;
        }
    }

    Exchange open(String method, String target, Map<String, Object> body) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            byte[] content = body == null ? new byte[0] : JSON.write(body).getBytes(StandardCharsets.UTF_8);
            String head = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + content.length
                + (body == null ? "" : "\r\nContent-Type: application/json") + "\r\n\r\n";
            ByteBuffer bytes = ByteBuffer.allocate(head.length() + content.length);
            bytes.put(head.getBytes(StandardCharsets.US_ASCII)).put(content).flip();
            while (bytes.hasRemaining()) channel.write(bytes);
            return new Exchange(channel);
        } catch (IOException error) {
            channel.close();
            throw error;
        }
    }

    /** One answer of HTTP/1.1, read line by line; closed when it is silent for too long. */
    static class Exchange implements AutoCloseable {
        final int status;
        private final SocketChannel channel;
        private final InputStream input;
        private final boolean isChunked;
        /** Bytes left of the body, or of the chunk that is being read. */
        private long left;
        private boolean isOver;

        Exchange(SocketChannel channel) throws IOException {
            this.channel = channel;
            this.input = new BufferedInputStream(Channels.newInputStream(channel));
            String[] first = headLine().split(" ");
            if (first.length < 2 || !first[0].startsWith("HTTP/1.")) throw new IOException("it is not HTTP");
            status = Integer.parseInt(first[1]);
            boolean chunked = false;
            for (String line = headLine(); !line.isEmpty(); line = headLine()) {
                String[] field = line.split(":", 2);
                if (field[0].equalsIgnoreCase("Content-Length")) left = Long.parseLong(field[1].trim());
                if (field[0].equalsIgnoreCase("Transfer-Encoding")) chunked = field[1].trim().equalsIgnoreCase("chunked");
            }
            isChunked = chunked;
        }

        /** The next line of the body; null at its end. */
        String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = bodyByte(); ; next = bodyByte()) {
                if (next < 0) return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
                if (next == '\n') return line.toString(StandardCharsets.UTF_8);
                line.write(next);
            }
        }

        private int bodyByte() throws IOException {
            if (isOver) return -1;
            if (left == 0 && isChunked) {
                String size = headLine();
                if (size.isEmpty()) size = headLine();
                left = Long.parseLong(size.split(";")[0].trim(), 16);
            }
            if (left == 0) {
                isOver = true;
                return -1;
            }
            left--;
            return rawByte();
        }

        private String headLine() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = rawByte(); next != '\n'; next = rawByte()) if (next != '\r') line.append((char) next);
            return line.toString();
        }

        private int rawByte() throws IOException {
            // Only a read that may have to wait is watched.
            if (input.available() > 0) return input.read();
            ScheduledFuture<?> watch = WATCH.schedule(() -> { channel.close(); return null; }, SILENCE_S, TimeUnit.SECONDS);
            try {
                int next = input.read();
                if (next < 0) throw new EOFException("the answer broke off");
                return next;
            } finally {
                watch.cancel(false);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}

/** JSON (RFC 8259) as maps, lists, strings, numbers, booleans and null. */
class JSON {
    private final String text;
    private int at;

    private JSON(String text) {
        this.text = text;
    }

    static Object read(String text) throws IOException {
        JSON reader = new JSON(text);
        try {
            Object value = reader.value();
            reader.space();
            if (reader.at != text.length()) throw new IOException("more after the end of the JSON text");
            return value;
        } catch (IndexOutOfBoundsException | NumberFormatException error) {
            throw new IOException("not JSON, near character " + reader.at);
        }
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private boolean take(char wanted) {
        space();
        if (text.charAt(at) != wanted) return false;
        at++;
        return true;
    }

    private void need(char wanted) throws IOException {
        if (!take(wanted)) throw new IOException("not JSON: " + wanted + " is missing near character " + at);
    }

    private Object value() throws IOException {
        if (take('{')) {
            Map<String, Object> members = new LinkedHashMap<>();
            if (take('}')) return members;
            do {
                need('"');
                String name = string();
                need(':');
                members.put(name, value());
            } while (take(','));
            need('}');
            return members;
        }
        if (take('[')) {
            List<Object> elements = new ArrayList<>();
            if (take(']')) return elements;
            do elements.add(value()); while (take(','));
            need(']');
            return elements;
        }
        if (take('"')) return string();
        int start = at;
        while (at < text.length() && " \t\r\n,]}".indexOf(text.charAt(at)) < 0) at++;
        String word = text.substring(start, at);
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> null;
            default -> new java.math.BigDecimal(word);
        };
    }

    private String string() throws IOException {
        StringBuilder content = new StringBuilder();
        while (true) {
            char next = text.charAt(at++);
            if (next == '"') return content.toString();
            if (next != '\\') {
                content.append(next);
                continue;
            }
            char escape = text.charAt(at++);
            switch (escape) {
                case 'b' -> content.append('\b');
                case 'f' -> content.append('\f');
                case 'n' -> content.append('\n');
                case 'r' -> content.append('\r');
                case 't' -> content.append('\t');
                case 'u' -> {
                    content.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                }
                default -> content.append(escape);
            }
        }
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            List<String> members = new ArrayList<>();
            map.forEach((name, member) -> members.add(quoted((String) name) + ":" + write(member)));
            return "{" + String.join(",", members) + "}";
        }
        if (value instanceof List<?> list) {
            List<String> elements = new ArrayList<>();
            list.forEach(element -> elements.add(write(element)));
            return "[" + String.join(",", elements) + "]";
        }
        return value instanceof String text ? quoted(text) : String.valueOf(value);
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char next : text.toCharArray()) {
            if (next == '"' || next == '\\') quoted.append('\\').append(next);
            else if (next < 0x20) quoted.append(String.format("\\u%04x", (int) next));
            else quoted.append(next);
        }
        return quoted.append('"').toString();
    }
}
