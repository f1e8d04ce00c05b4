namespace Cria.Server;

/// <summary>A request that cannot be served, as the client is told.</summary>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The field at fault, as a path such as <c>messages[0].content</c>; null when none is.</summary>
    public string? Parameter { get; } = parameter;

    /// <summary>OpenAI's name of the error, where it has one.</summary>
    public string? Code { get; } = code;

    /// <summary>Seconds after which to try again; null where that would not help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>OpenAI's class of the error.</summary>
    public string Type => Status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>A field that is wrong.</summary>
    public static ApiException Field(string path, string message, string? code = null) => new(400, $"{path} {message}", path, code);
}
