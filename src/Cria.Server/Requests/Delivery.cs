namespace Cria.Server.Requests;

/// <summary>How answers are sent.</summary>
/// <param name="Choices">How many.</param>
/// <param name="IsStream">Piece by piece, as server-sent events.</param>
/// <param name="HasUsage">Whether a stream ends with what the answers cost.</param>
internal sealed record Delivery(int Choices, bool IsStream, bool HasUsage)
{
    /// <summary>Reads the fields.</summary>
    public static Delivery Read(JsonFields fields, int mostChoices)
    {
        bool streams = fields.Flag("stream") ?? false;
        JsonFields? options = fields.Object("stream_options");
        if (options is not null && !streams) throw ApiException.Field("stream_options", "is given, but stream is not true");
        return new Delivery((int)(fields.Integer("n", 1, mostChoices) ?? 1), streams, options?.Flag("include_usage") ?? false);
    }
}
