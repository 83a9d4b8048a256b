// Takes one card payment through readerd, and survives a power cut at any moment.
//
//     dotnet run TakePayment.cs -- --cart 123 --amount 56.78 --lane till-1 --sales ./sales
//
// Needs .NET 10 (with .NET 8 or 9: `dotnet new console`, and this file as its Program.cs) and nothing else. It was written with care but NOT
// run by those who wrote it: Debian 12 has no .NET. The same program in Python, Node and Java is run by readerd's tests; this one only where
// .NET is installed. Try it against `readersim` first.
//
// The rule that makes it safe: the payment's id and body are on disk before they are sent, and whoever starts again sends the same id and body
// again. readerd then attaches to the payment that runs, or tells how it ended; it never begins a second one. Run it again with the
// same arguments after any interruption.
//
// Exit status: 0 paid, 1 not paid, 2 money is held but there is no order, 3 not known yet or the agent cannot be reached: run it again.

using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

var options = new Dictionary<string, string> { ["socket"] = "/run/readerd/checkout.sock", ["sales"] = "sales", ["patience"] = "120" };
for (var index = 0; index + 1 < args.Length; index += 2) options[args[index].TrimStart('-')] = args[index + 1];
foreach (var name in new[] { "cart", "amount", "lane" })
{
    if (options.ContainsKey(name)) continue;
    Console.Error.WriteLine($"--{name} is missing");
    return 64;
}

using var agent = new Agent(options["socket"]);
var sale = new Sale(options["sales"], options["cart"]);
var last = sale.Attempts.Count > 0 ? sale.Attempts[^1]!.AsObject() : null;
if (last?["outcome"] is JsonObject known && (string?)known["money"] is "taken" or "authorized") return Till.Tell(last!["outcome"]!.AsObject());
if (last is null || last["outcome"] is not null)
{
    // A new attempt to be paid, so a new id. It goes to disk before it goes to the agent.
    var id = $"{options["lane"]}-{options["cart"]}-{sale.Attempts.Count + 1}";
    last = new JsonObject
    {
        ["payment"] = Regex.Replace(id, "[^A-Za-z0-9._-]", "_"),
        ["body"] = new JsonObject { ["cart"] = options["cart"], ["amount"] = options["amount"], ["lane"] = options["lane"] },
        ["outcome"] = null,
    };
    sale.Attempts.Add(last);
    sale.Save();
}
else
{
    Console.WriteLine($"Going on with payment {last["payment"]}, which was interrupted.");
}

try
{
    // What the payment will need is made ready. If that cannot be done now, the payment will say so itself.
    await agent.Ask(HttpMethod.Put, "/v1/carts/" + Uri.EscapeDataString(options["cart"]), new JsonObject { ["lane"] = options["lane"] });
}
catch (Exception error) when (Agent.IsUnreachable(error))
{
    Console.WriteLine("The agent cannot be reached yet.");
}
var patience = TimeSpan.FromSeconds(double.Parse(options["patience"], System.Globalization.CultureInfo.InvariantCulture));
var answer = await Till.Follow(agent, (string)last["payment"]!, last["body"]!.AsObject(), patience);
if (answer is null)
{
    Console.WriteLine("NOT KNOWN YET: run this again");
    return 3;
}
if (!answer.ContainsKey("state"))
{
    Console.WriteLine($"NOT PAID: {answer["detail"]} {answer["remedy"]}".TrimEnd());
    sale.Attempts.RemoveAt(sale.Attempts.Count - 1);
    sale.Save();
    return 1;
}
// Said first and written down after it: a power cut between the two says it twice, never not at all.
var status = Till.Tell(answer);
last["outcome"] = answer.DeepClone();
sale.Save();
return status;

static class Till
{
    static readonly HashSet<string> Ended = ["succeeded", "declined", "canceled", "canceled_by_customer", "timed_out", "failed"];

    /// <summary>Begins the payment, or finds it, and stays with it until it has ended.</summary>
    /// <returns>The payment; a refusal's problem when no such payment exists; null when neither is known in time.</returns>
    public static async Task<JsonObject?> Follow(Agent agent, string payment, JsonObject body, TimeSpan patience)
    {
        var seen = 0;
        Stopwatch? unclear = null;
        while (true)
        {
            try
            {
                var (status, value) = await agent.Ask(HttpMethod.Put, $"/v1/payments/{payment}", body);
                if (status < 300)
                {
                    if (Ended.Contains((string)value!["state"]!)) return value;
                    if ((string)value["state"]! != "unresolved") unclear = null;
                    await foreach (var current in agent.Events(payment))
                    {
                        var timeline = current["timeline"]!.AsArray();
                        for (; seen < timeline.Count; seen++)
                        {
                            if (Doing(current, (string)timeline[seen]!["state"]!) is { } words) Console.WriteLine(words);
                        }
                        if (Ended.Contains((string)current["state"]!)) return current;
                        if ((string)current["state"]! == "unresolved") break;
                    }
                }
                else if (!(bool)value!["retryable"]!)
                {
                    // This request began nothing. An earlier one may have, before the power went: only the agent's own word settles that.
                    if ((await agent.Ask(HttpMethod.Get, $"/v1/payments/{payment}")).Status == 404) return value;
                }
                else
                {
                    Console.WriteLine(value["detail"]);
                }
            }
            catch (Exception error) when (Agent.IsUnreachable(error))
            {
                Console.WriteLine($"The agent cannot be reached at {agent.Path} ({error.Message}); trying again.");
            }
            unclear ??= Stopwatch.StartNew();
            if (unclear.Elapsed > patience) return null;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    static string? Doing(JsonObject payment, string state)
    {
        var reader = (string?)payment["reader_label"] ?? (string?)payment["reader"] ?? "the reader";
        return state switch
        {
            "queued" => $"Waiting for {reader}.",
            "preparing" => $"Preparing {reader}.",
            "waiting_for_card" => $"Please present a card at {reader}: {payment["amount"]}.",
            "authorizing" => "The card is being charged.",
            "finishing" => "The card was charged. The order is being completed.",
            "unresolved" => "Not known yet whether the money was taken. Do not take it again; the agent goes on finding out.",
            _ => null,
        };
    }

    /// <summary>Says the last line, for the cashier, and gives the exit status.</summary>
    public static int Tell(JsonObject payment)
    {
        var order = payment["order"] is { } number ? $"order {number}" : "no order";
        var failure = payment["failure"] as JsonObject;
        var (text, status) = (string?)payment["money"] switch
        {
            "taken" => ($"PAID {payment["amount"]}, {order}", 0),
            "authorized" => ($"HELD {payment["amount"]}, {order}: a matter for the back office", 2),
            "unknown" => ("NOT KNOWN YET: run this again", 3),
            _ => ($"NOT PAID: {failure?["message"] ?? payment["state"]} {failure?["remedy"]}".TrimEnd(), 1),
        };
        Console.WriteLine(text);
        return status;
    }
}

/// <summary>readerd's socket.</summary>
sealed class Agent(string path) : IDisposable
{
    /// <summary>A stream has a heartbeat at least every 15 seconds, so 45 seconds of silence mean that the agent is gone.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    readonly HttpClient client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { BaseAddress = new Uri("http://localhost"), Timeout = Silence };

    public string Path { get; } = path;

    public static bool IsUnreachable(Exception error) =>
        error is HttpRequestException or IOException or SocketException or OperationCanceledException or JsonException;

    public async Task<(int Status, JsonObject? Value)> Ask(HttpMethod method, string target, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, target);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text)!.AsObject());
    }

    /// <summary>The payment after each thing that happened to it, from its beginning to its end.</summary>
    public async IAsyncEnumerable<JsonObject> Events(string payment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/payments/{payment}/events");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!answer.IsSuccessStatusCode) yield break;
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8);
        while (true)
        {
            // The client's own time limit ends with the head; each line has one of its own.
            using var limit = new CancellationTokenSource(Silence);
            var line = await lines.ReadLineAsync(limit.Token);
            if (line is null) yield break;
            if (JsonNode.Parse(line)?["payment"] is JsonObject current) yield return current;
        }
    }

    public void Dispose() => client.Dispose();
}

/// <summary>What must outlive a power cut: which attempts were made to pay a cart, and how they ended. One file for each cart.</summary>
sealed class Sale
{
    readonly string directory;
    readonly string path;

    public JsonArray Attempts { get; }

    public Sale(string directory, string cart)
    {
        this.directory = Directory.CreateDirectory(directory).FullName;
        path = System.IO.Path.Combine(this.directory, Uri.EscapeDataString(cart) + ".json");
        Attempts = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsArray() : [];
    }

    public void Save()
    {
        // The new file is whole on disk before it takes the old one's name, and the name is on disk before anything is sent.
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(Attempts.ToJsonString()));
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);
        SyncDirectory();
    }

    /// <summary>.NET cannot synchronise a directory; the C library can.</summary>
    void SyncDirectory()
    {
        const int readOnly = 0;
        var descriptor = open(directory, readOnly);
        if (descriptor < 0) throw new IOException($"{directory} cannot be opened: error {Marshal.GetLastPInvokeError()}");
        try
        {
            if (fsync(descriptor) != 0) throw new IOException($"{directory} cannot be synchronised: error {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            close(descriptor);
        }
    }

    [DllImport("libc", SetLastError = true)]
    static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    static extern int fsync(int descriptor);

    [DllImport("libc")]
    static extern int close(int descriptor);
}
