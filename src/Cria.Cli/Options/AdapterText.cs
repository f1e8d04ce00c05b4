using System.Globalization;
using Cria.Adapters;

namespace Cria.Cli.Options;

/// <summary>Adapters as they are typed: <c>ADAPTER</c> or <c>ADAPTER:SCALE</c>.</summary>
internal static class AdapterText
{
    /// <summary>Reads <c>NAME=ADAPTER</c> or <c>NAME=ADAPTER:SCALE</c>.</summary>
    public static NamedAdapter ParseNamed(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1 ? new NamedAdapter(text[..equals], Parse(text[(equals + 1)..]))
            : throw new UsageException($"'{text}' names no adapter; write NAME=ADAPTER, such as support=adapters/support");
    }

    /// <summary>Reads what was typed. A number behind the last colon is the scale, anything else is part of the path.</summary>
    public static AdapterFile Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || Path.Exists(text) || !double.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double scale)) return new AdapterFile(text);
        return double.IsFinite(scale) ? new AdapterFile(text[..colon], scale) : throw new UsageException($"'{text}': the scale of an adapter must be a finite number, such as 0.5");
    }
}
