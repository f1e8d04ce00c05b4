using System.Net;
using System.Net.Http.Headers;
using Cria.Tensors;
using Microsoft.Win32.SafeHandles;

namespace Cria.Hub;

/// <summary>
/// Fetches one content into the cache: ranges side by side into a file beside its final place, a map of what has arrived, the hash taken on the way,
/// and the final name only when that hash is right. The caller holds the content's lock.
/// </summary>
internal sealed class BlobDownload : IDisposable
{
    // A transfer that brings at least this much before it breaks is getting somewhere.
    private const int WorthwhileBytes = 64 << 10;

    private readonly HubOptions options;
    private readonly HubTransport transport;
    private readonly Func<Backoff, CancellationToken, Task<FileSource>> locate;
    private readonly Action<HubReply> refuse;
    private readonly PullMeter meter;
    private readonly HubFile file;
    private readonly string subject, blobPath;
    private readonly SemaphoreSlim relocating = new(1), arrived = new(0);
    private readonly SafeFileHandle part;
    private readonly RangeMap map;
    private FileSource source;
    private string? serverEtag;

    /// <summary>Opens what an earlier run left, or begins.</summary>
    /// <param name="options">Grain, number of connections, patience.</param>
    /// <param name="transport">Sends the requests.</param>
    /// <param name="source">Where the bytes are.</param>
    /// <param name="locate">Finds out where they are again, when the address has expired.</param>
    /// <param name="refuse">Throws for an answer that is a refusal.</param>
    /// <param name="file">The file, for its size and for messages.</param>
    /// <param name="subject">The repository, for messages.</param>
    /// <param name="blobPath">Where the content goes.</param>
    /// <param name="meter">Told of every byte.</param>
    public BlobDownload(HubOptions options, HubTransport transport, FileSource source, Func<Backoff, CancellationToken, Task<FileSource>> locate, Action<HubReply> refuse, HubFile file, string subject, string blobPath, PullMeter meter)
    {
        (this.options, this.transport, this.source, this.locate, this.refuse, this.file, this.blobPath, this.meter) = (options, transport, source, locate, refuse, file, blobPath, meter);
        this.subject = $"{subject}/{file.Path}";
        Directory.CreateDirectory(Path.GetDirectoryName(blobPath)!);
        part = File.OpenHandle(PartPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            bool hasPart = RandomAccess.GetLength(part) == file.Bytes;
            if (!hasPart) RandomAccess.SetLength(part, file.Bytes);
            map = RangeMap.Open(blobPath, file.Bytes, options.BlockBytes, hasPart);
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    private string PartPath => blobPath + HubCache.PartEnding;

    /// <summary>
    /// Fetches what is missing, checks, and gives the content its name. Throws <see cref="CriaException"/> when it cannot be had or has the wrong hash,
    /// <see cref="ContentChangedException"/> when it changed on the way; a later run goes on with what has arrived.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long before = map.DoneBytes;
        meter.Found(file.Path, before);
        string? hash = await FetchAsync(cancellationToken).ConfigureAwait(false);
        if (hash != (source.Sha256 ?? source.GitHash))
        {
            Forget();
            // What an earlier run left may have been lost with the machine's power; then all of it is fetched anew, once.
            if (before > 0) throw new ContentChangedException($"{subject} was not whole");
            throw new CriaException($"{subject} arrived with the wrong bytes: its {(source.Sha256 is null ? "git hash" : "sha256")} is {hash![..12]}… and should be {(source.Sha256 ?? source.GitHash)![..12]}…; nothing was kept, try again, and if it stays so ask who runs the network or mirror");
        }
        RandomAccess.FlushToDisk(part);
        part.Dispose();
        map.Dispose();
        File.Move(PartPath, blobPath, overwrite: true);
        RangeMap.Delete(blobPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        part.Dispose();
        map.Dispose();
        relocating.Dispose();
        arrived.Dispose();
    }

    private async Task<string?> FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await FetchRangesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RangesIgnoredException)
        {
            await FetchWholeAsync(cancellationToken).ConfigureAwait(false);
            using ContentHash hash = NewHash();
            meter.Report(PullStage.Checking, file.Path);
            for (int block = 0; block < map.Count; block++) hash.Append(part, Offset(block), map.Length(block));
            return hash.Finish();
        }
        catch (ContentChangedException)
        {
            Forget();
            throw;
        }
    }

    /// <summary>All missing ranges, several at a time, while the hash follows the part that is complete from the start. Returns the hash.</summary>
    private async Task<string?> FetchRangesAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int workers = (int)Math.Clamp((map.Size - map.DoneBytes + map.BlockBytes - 1) / map.BlockBytes, 0, options.Connections);
        string? found = null;
        List<Task> tasks = [.. Enumerable.Range(0, workers).Select(_ => Stopping(WorkAsync)), Stopping(async token => found = await HashAsync(token).ConfigureAwait(false))];
        await Task.WhenAll(tasks).ConfigureAwait(false);
        return found;

        // One failure ends all; WhenAll then tells of it and not of the cancellations it caused.
        async Task Stopping(Func<CancellationToken, Task> work)
        {
            try
            {
                await work(stop.Token).ConfigureAwait(false);
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var backoff = new Backoff(options);
        byte[] buffer = new byte[map.BlockBytes];
        while (map.Take(options.BlocksOfRequest) is var (block, end) && block < end)
        {
            int filled = 0;
            while (block < end)
            {
                long received = 0;
                Exception? lost = null;
                using (HubReply reply = await OpenAsync(Offset(block) + filled, Math.Min(Offset(end), map.Size), backoff, cancellationToken).ConfigureAwait(false))
                {
                    using Stream body = await reply.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                    while (block < end)
                    {
                        Memory<byte> rest = buffer.AsMemory(filled, map.Length(block) - filled);
                        int read = await transport.ReadAsync(body, rest, failure => lost = failure, cancellationToken).ConfigureAwait(false);
                        received += read;
                        filled += read;
                        meter.Fetched(file.Path, read);
                        if (read < rest.Length) break;
                        Keep(block++, buffer);
                        filled = 0;
                    }
                }
                if (block == end || received >= Math.Min(WorthwhileBytes, map.BlockBytes)) backoff.Progressed();
                if (block < end) await BrokenAsync(backoff, lost, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The whole content in one go, for servers that know no ranges; a break begins it anew.</summary>
    private async Task FetchWholeAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options);
        byte[] buffer = new byte[map.BlockBytes];
        while (true)
        {
            meter.Found(file.Path, -map.DoneBytes);
            map.Clear();
            Exception? lost = null;
            int block = 0;
            using (HubReply reply = await OpenAsync(0, map.Size, backoff, cancellationToken, isWhole: true).ConfigureAwait(false))
            {
                using Stream body = await reply.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                for (; block < map.Count; block++)
                {
                    Memory<byte> rest = buffer.AsMemory(0, map.Length(block));
                    if (await transport.ReadAsync(body, rest, failure => lost = failure, cancellationToken).ConfigureAwait(false) < rest.Length) break;
                    meter.Fetched(file.Path, rest.Length);
                    Keep(block, buffer);
                }
            }
            if (block == map.Count) return;
            await BrokenAsync(backoff, lost, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> HashAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        using ContentHash hash = NewHash();
        for (int block = 0; block < map.Count; block++)
        {
            while (!map.IsDone(block)) await arrived.WaitAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            hash.Append(part, Offset(block), map.Length(block));
        }
        meter.Report(PullStage.Checking, file.Path);
        return hash.Finish();
    }

    /// <summary>Asks for bytes and returns the answer that brings them.</summary>
    private async Task<HubReply> OpenAsync(long from, long to, Backoff backoff, CancellationToken cancellationToken, bool isWhole = false)
    {
        while (true)
        {
            FileSource now = source;
            HubReply reply = await transport.SendAsync(HttpMethod.Get, now.Address, isWhole ? null : new RangeHeaderValue(from, to - 1), stayHome: false, backoff, cancellationToken).ConfigureAwait(false);
            try
            {
                if (!now.IsElsewhere || reply.Status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone))
                {
                    if (reply.Status != HttpStatusCode.RequestedRangeNotSatisfiable) refuse(reply);
                    Check(reply, from, to, isWhole);
                    return reply;
                }
            }
            catch
            {
                reply.Dispose();
                throw;
            }
            reply.Dispose();
            await backoff.WaitAsync($"{now.Address.Authority} does not give {subject} ({(int)reply.Status})", "try again later; what was fetched is kept", null, null, cancellationToken).ConfigureAwait(false);
            await RelocateAsync(now, backoff, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RelocateAsync(FileSource old, Backoff backoff, CancellationToken cancellationToken)
    {
        await relocating.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(source, old)) return;
            FileSource found = await locate(backoff, cancellationToken).ConfigureAwait(false);
            if (found.Etag != old.Etag) throw Changed();
            serverEtag = null;
            source = found;
        }
        finally
        {
            relocating.Release();
        }
    }

    private void Check(HubReply reply, long from, long to, bool isWhole)
    {
        if (reply.Status == HttpStatusCode.RequestedRangeNotSatisfiable) throw Changed();
        ContentRangeHeaderValue? range = reply.Response.Content.Headers.ContentRange;
        if (reply.Status == HttpStatusCode.PartialContent && !isWhole)
        {
            if (range?.From != from || (range.Length is { } length && length != map.Size)) throw Changed();
        }
        else if (reply.Status != HttpStatusCode.OK)
        {
            throw new CriaException($"{reply.Address.Authority} answers {(int)reply.Status} instead of the bytes of {subject}; try again later");
        }
        else if (!isWhole && (from > 0 || to < map.Size))
        {
            throw new RangesIgnoredException();
        }
        else if (reply.Response.Content.Headers.ContentLength is { } length && length != map.Size)
        {
            throw Changed();
        }
        if (reply.OwnEtag is { } etag && Interlocked.CompareExchange(ref serverEtag, etag, null) is { } first && first != etag) throw Changed();
    }

    private void Keep(int block, byte[] bytes)
    {
        RandomAccess.Write(part, bytes.AsSpan(0, map.Length(block)), Offset(block));
        map.Mark(block);
        arrived.Release();
    }

    private void Forget()
    {
        meter.Found(file.Path, -map.DoneBytes);
        map.Clear();
    }

    private Task BrokenAsync(Backoff backoff, Exception? lost, CancellationToken cancellationToken) => backoff.WaitAsync(
        $"the connection to {source.Address.Authority} breaks{(lost is null ? "" : $": {HubTransport.Reason(lost)}")}", "try again later; what was fetched is kept", null, lost, cancellationToken);

    private ContentHash NewHash() => new(source, map.Size, map.BlockBytes);

    private long Offset(int block) => (long)block * map.BlockBytes;

    private ContentChangedException Changed() => new($"{subject} changed while it was being fetched");

    private sealed class RangesIgnoredException : Exception;
}
