using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Ofql.Formats.Download;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Formats.Tests.Download;

/// <summary>Downloads from a server in this process: whole, cut, refused, changed, and what is left on the disk each time.</summary>
public sealed class FileDownloadTests
{
    private const string Tag = "\"v1\"";
    private static readonly byte[] Content = Hdf5Like(1);
    private static readonly DownloadOptions Quick = new() { FirstDelay = TimeSpan.FromMilliseconds(5), LongestDelay = TimeSpan.FromMilliseconds(20), StallTimeout = TimeSpan.FromMilliseconds(400), Attempts = 3 };
    private readonly List<string> _said = [];
    private readonly List<DownloadProgress> _progress = [];

    [Fact]
    public async Task A_whole_file_arrives_with_its_digest_and_is_not_fetched_twice()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer(request => LocalServer.Serve(request, Content, Tag));
        var result = await Run(server, folder);
        Assert.Equal(new DownloadResult(folder["a.hdf5"], Content.Length, Sha(Content), false, 0), result);
        Assert.Equal(Content, File.ReadAllBytes(folder["a.hdf5"]));
        Assert.Equal(["a.hdf5"], folder.Files);
        Assert.Equal((Content.Length, (long?)Content.Length, TimeSpan.Zero), (_progress[^1].Received, _progress[^1].Total, _progress[^1].Remaining));
        Assert.True((await Run(server, folder)).WasThere);
        Assert.Single(server.Requests);
        Assert.False((await Run(server, folder, Quick with { Replace = true, Sha256 = Sha(Content).ToUpperInvariant() })).WasThere);
        Assert.Contains("is there already, but its SHA-256 is", (await Refusal(server, folder, Quick with { Sha256 = new string('0', 64) })).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UsageException>(() => Run(server, folder, Quick with { Sha256 = "12" }));
    }

    [Fact]
    public async Task A_cut_connection_is_continued_where_it_broke()
    {
        using var folder = new TemporaryFolder();
        // Every connection breaks after a seventh, more often than failures in a row are allowed: each brings something new.
        using var server = new LocalServer(request => LocalServer.Serve(request, Content, Tag, Content.Length / 7));
        await Run(server, folder);
        Assert.Equal(Content, File.ReadAllBytes(folder["a.hdf5"]));
        Assert.True(server.Requests.Count >= 7);
        Assert.All(server.Requests.Skip(1), request => Assert.Equal(Tag, request.IfRange));
        Assert.Equal(server.Requests.Select(request => request.From ?? 0).Order(), server.Requests.Select(request => request.From ?? 0));
        Assert.Contains(_said, line => line.Contains("broke after", StringComparison.Ordinal));
        Assert.Equal(["a.hdf5"], folder.Files);
    }

    [Fact]
    public async Task A_later_call_goes_on_where_an_earlier_one_was_left()
    {
        using var folder = new TemporaryFolder();
        var down = false;
        using var server = new LocalServer(request => down ? new("503 Service Unavailable", [], []) : LocalServer.Serve(request, Content, Tag, Cut(ref down)));
        var error = await Refusal(server, folder);
        Assert.Contains("answered 503", error.Message, StringComparison.Ordinal);
        Assert.Contains("Given up after 3 tries", error.Message, StringComparison.Ordinal);
        Assert.Equal([".a.hdf5.part", ".a.hdf5.part.json"], folder.Files);
        using var other = new LocalServer(request => LocalServer.Serve(request, Content, Tag));
        // Another address is another file, whatever its tag says.
        await RunAt(new Uri(other.Address, "a.hdf5"), folder["b.hdf5"]);
        down = false;
        using var back = new LocalServer(request => LocalServer.Serve(request, Content, Tag));
        File.WriteAllText(folder[".a.hdf5.part.json"], File.ReadAllText(folder[".a.hdf5.part.json"]).Replace(server.Address.Authority, back.Address.Authority));
        var result = await Run(back, folder);
        Assert.Equal(1000, result.ResumedFrom);
        Assert.Equal(1000, back.Requests[0].From);
        Assert.Equal(Content, File.ReadAllBytes(folder["a.hdf5"]));

        static int Cut(ref bool down)
        {
            down = true;
            return 1000;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_changes_between_tries_is_begun_anew(bool honoursIfRange)
    {
        using var folder = new TemporaryFolder();
        var changed = Hdf5Like(2);
        var first = true;
        using var server = new LocalServer(request =>
        {
            var answer = first ? LocalServer.Serve(request, Content, Tag, 5000)
                : LocalServer.Serve(honoursIfRange ? request : request with { IfRange = null }, changed, "\"v2\"");
            first = false;
            return answer;
        });
        var result = await Run(server, folder);
        Assert.Equal(changed, File.ReadAllBytes(folder["a.hdf5"]));
        Assert.Equal(Sha(changed), result.Sha256);
    }

    [Fact]
    public async Task A_server_without_ranges_or_versions_is_read_from_the_start()
    {
        using var folder = new TemporaryFolder();
        var cuts = 2;
        using var server = new LocalServer(request => new("200 OK", [LocalServer.Length(Content.Length)], Content, cuts-- > 0 ? 3000 : null));
        await Run(server, folder);
        Assert.Equal(Content, File.ReadAllBytes(folder["a.hdf5"]));
        Assert.All(server.Requests, request => Assert.Null(request.From));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_length_that_is_not_known_is_no_hindrance()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer(_ => new("200 OK", ["Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT"], Content));
        await Run(server, folder);
        Assert.Equal(Content, File.ReadAllBytes(folder["a.hdf5"]));
        Assert.Null(_progress[^1].Total);
    }

    [Theory]
    [InlineData("hdf5")]
    [InlineData("npz")]
    [InlineData("safetensors")]
    public async Task Without_a_length_a_file_that_broke_off_is_noticed_by_what_it_says_of_itself(string ending)
    {
        using var folder = new TemporaryFolder();
        var content = ending == "hdf5" ? File.ReadAllBytes(TestData.Fixture("d4rl-small.hdf5")) : Written(folder[$"made.{ending}"]);
        var cut = true;
        using var server = new LocalServer(_ => new("200 OK", [], content, cut ? content.Length - 1 : null));
        var address = new Uri(server.Address, $"a.{ending}");
        var error = await Assert.ThrowsAsync<OfqlException>(() => RunAt(address, folder[$"a.{ending}"]));
        Assert.Contains("the connection broke off", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder[$"a.{ending}"]));
        cut = false;
        await RunAt(address, folder[$"a.{ending}"]);
        Assert.Equal(content, File.ReadAllBytes(folder[$"a.{ending}"]));

        static byte[] Written(string path)
        {
            using var data = TestData.Dataset();
            Ofql.Formats.Datasets.DatasetWriter.Save(data, path);
            return File.ReadAllBytes(path);
        }
    }

    [Theory]
    [InlineData("403 Forbidden", "does not give the file", 1)]
    [InlineData("407 Proxy Authentication Required", "HTTPS_PROXY", 1)]
    [InlineData("404 Not Found", "There is no such file", 1)]
    [InlineData("418 I'm a teapot", "Expected the file", 1)]
    [InlineData("500 Internal Server Error", "try again later", 3)]
    [InlineData("429 Too Many Requests", "try again later", 3)]
    public async Task Refusals_are_explained_and_only_passing_ones_tried_again(string status, string expected, int tries)
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer(_ => new(status, ["Retry-After: 1", LocalServer.Length(2)], "no"u8.ToArray()));
        var error = await Refusal(server, folder);
        Assert.Contains(status[..3], error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(tries, server.Requests.Count);
        Assert.Empty(folder.Files);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>Please sign in to the hotel network, then go on to where you wanted to go.</body></html>", "sent a web page")]
    [InlineData("just words, no wait\0\0\u0001", "sent something in place of a dataset")]
    public async Task Wrong_content_is_never_kept(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer(request => LocalServer.Serve(request, Encoding.UTF8.GetBytes(content), Tag));
        Assert.Contains(expected, (await Refusal(server, folder)).Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public async Task Another_digest_than_expected_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer(request => LocalServer.Serve(request, Content, Tag));
        Assert.Contains($"has the SHA-256 {Sha(Content)}, expected 000", (await Refusal(server, folder, Quick with { Sha256 = new string('0', 64) })).Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public async Task A_silent_server_is_given_up()
    {
        using var folder = new TemporaryFolder();
        using var mute = new LocalServer(request => new("200 OK", [LocalServer.Length(Content.Length)], Content, 0, TimeSpan.FromSeconds(20)));
        var error = await Refusal(mute, folder);
        Assert.Contains("sent nothing for 0.4 s", error.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public async Task A_closed_network_is_explained()
    {
        using var folder = new TemporaryFolder();
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var error = await Assert.ThrowsAsync<OfqlException>(() => RunAt(new Uri($"http://127.0.0.1:{port}/a.hdf5"), folder["a.hdf5"]));
        Assert.Contains($"No connection to 127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("download http://127.0.0.1", error.Message, StringComparison.Ordinal);
        Assert.Contains("on another machine", error.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
        error = await Assert.ThrowsAsync<OfqlException>(() => RunAt(new Uri("http://no-such-host.invalid/a.hdf5"), folder["a.hdf5"]));
        Assert.Contains("no-such-host.invalid", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UsageException>(() => RunAt(new Uri("ftp://somewhere/a.hdf5"), folder["a.hdf5"]));
        error = await Assert.ThrowsAsync<OfqlException>(() => RunAt(new Uri($"http://127.0.0.1:{port}/a"), folder["no/such/a.hdf5"]));
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_keeps_what_has_arrived()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        using var server = new LocalServer(request => LocalServer.Serve(request, Content, Tag, 7000) with { Stall = TimeSpan.FromSeconds(20) });
        var running = FileDownload.RunAsync(new Uri(server.Address, "a.hdf5"), folder["a.hdf5"], Quick with { StallTimeout = TimeSpan.FromSeconds(20) }, cancellation: cancellation.Token);
        while (server.Requests.Count == 0)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var second = await Assert.ThrowsAsync<OfqlException>(() => Run(server, folder));
        Assert.Contains("Another process seems to be downloading", second.Message, StringComparison.Ordinal);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal([".a.hdf5.part", ".a.hdf5.part.json"], folder.Files);
        Assert.Equal(7000, new FileInfo(folder[".a.hdf5.part"]).Length);
    }

    [Fact]
    public void Addresses_are_those_of_the_collections()
    {
        static string Address(string name) => Ofql.Formats.Published.PublishedDatasets.Get(name).Address.AbsoluteUri;
        Assert.EndsWith("/offline_rl/gym_mujoco_v2/hopper_medium_replay-v2.hdf5", Address("hopper-medium-replay-v2"), StringComparison.Ordinal);
        Assert.EndsWith("/offline_rl/gym_mujoco/walker_mixed.hdf5", Address("walker2d-medium-replay-v0"), StringComparison.Ordinal);
        Assert.EndsWith("/offline_rl/maze2d/maze2d-umaze-sparse-v1.hdf5", Address("maze2d-umaze-v1"), StringComparison.Ordinal);
        Assert.EndsWith("/ant_maze_v2/Ant_maze_hardest-maze_noisy_multistart_True_multigoal_False_sparse_fixed.hdf5", Address("antmaze-large-play-v2"), StringComparison.Ordinal);
        Assert.EndsWith("/hand_dapg/pen-demos-v0-bc-combined.hdf5", Address("pen-cloned-v0"), StringComparison.Ordinal);
        Assert.EndsWith("/ogbench/cube-double-play-v0.npz", Address("cube-double-play-singletask-task3-v0"), StringComparison.Ordinal);
        Assert.Contains("Did you mean 'hopper-medium-v2'?", Assert.Throws<UsageException>(() => Address("hoper-medium-v2")).Message, StringComparison.Ordinal);
        Assert.Equal(
            Ofql.Formats.Published.PublishedDatasets.All.Count, Ofql.Formats.Published.PublishedDatasets.All.Select(set => set.FileName).Distinct().Count());
    }

    private Task<DownloadResult> Run(LocalServer server, TemporaryFolder folder, DownloadOptions? options = null)
        => RunAt(new Uri(server.Address, "a.hdf5"), folder["a.hdf5"], options);

    private Task<DownloadResult> RunAt(Uri address, string path, DownloadOptions? options = null)
        => FileDownload.RunAsync(address, path, options ?? Quick, new Recorder(_progress), _said.Add, TestContext.Current.CancellationToken);

    private Task<OfqlException> Refusal(LocalServer server, TemporaryFolder folder, DownloadOptions? options = null)
        => Assert.ThrowsAsync<OfqlException>(() => Run(server, folder, options));

    private static string Sha(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Hdf5Like(int seed)
    {
        var bytes = new byte[200_000];
        new Random(seed).NextBytes(bytes);
        new byte[] { 0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 0x1A, 10 }.CopyTo(bytes, 0);
        return bytes;
    }

    private sealed class Recorder(List<DownloadProgress> into) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => into.Add(value);
    }
}
