using System.Text;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Observation;

/// <summary>Keeps what a request says and what is answered, for the log, where that was asked for. Long texts are kept to their first megabyte.</summary>
internal sealed class TextLog : Stream
{
    private const int Most = 1 << 20;

    private readonly Stream response;
    private readonly MemoryStream answered = new();

    private TextLog(Stream response) => this.response = response;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Serves a request and logs both sides of it.</summary>
    public static async Task ServeAsync(HttpContext context, Func<HttpContext, Task> serve)
    {
        Stream response = context.Response.Body;
        var log = new TextLog(response);
        await using (log.ConfigureAwait(false))
        {
            context.Request.EnableBuffering();
            context.Response.Body = log;
            try
            {
                await serve(context).ConfigureAwait(false);
            }
            finally
            {
                context.Response.Body = response;
                RequestLog.Said(context, await AskedAsync(context).ConfigureAwait(false), Encoding.UTF8.GetString(log.answered.GetBuffer().AsSpan(0, (int)log.answered.Length)));
            }
        }
    }

    public override void Flush() => response.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => response.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        answered.Write(buffer.Span[..Math.Min(buffer.Length, Most - (int)answered.Length)]);
        return response.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static async Task<string> AskedAsync(HttpContext context)
    {
        if (context.RequestAborted.IsCancellationRequested) return "";
        context.Request.Body.Position = 0;
        byte[] bytes = new byte[Most];
        int length = await context.Request.Body.ReadAtLeastAsync(bytes, Most, throwOnEndOfStream: false).ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
    }
}
