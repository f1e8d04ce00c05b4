namespace Cria.Generation.Grammar;

/// <summary>The patterns of JSON Schema's string formats. Each describes valid texts only, though not every valid text (no leap seconds, years from 1000 on).</summary>
internal static class StringFormats
{
    private const string LeapYear = "([1-9][0-9](0[48]|[2468][048]|[13579][26])|([13579][26]|[2468][048])00)";
    private const string Date = "([1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|" + LeapYear + "-02-29)";
    private const string Time = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+\-](0[0-9]|1[0-3]):[0-5][0-9])";
    private const string Label = @"[A-Za-z0-9]([A-Za-z0-9\-]{0,30}[A-Za-z0-9])?";
    private const string Host = "(" + Label + @"\.){0,4}[A-Za-z][A-Za-z0-9]{0,20}";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

    /// <summary>The pattern of a format; null for one that is not known.</summary>
    public static string? Pattern(string format) => format switch
    {
        "date" => Date,
        "time" => Time,
        "date-time" => Date + "T" + Time,
        "uuid" => "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        "email" => @"[A-Za-z0-9_%+\-]{1,30}(\.[A-Za-z0-9_%+\-]{1,15}){0,2}@(" + Label + @"\.){1,3}[A-Za-z]{2,12}",
        "hostname" => Host,
        "ipv4" => Byte + @"(\." + Byte + "){3}",
        "ipv6" => "[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}",
        "uri" => "(https?|ftp)://" + Host + @"(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_.~\-]{1,60}){0,20}/?(\?[A-Za-z0-9_.~\-=&+]{0,200})?(#[A-Za-z0-9_.~\-]{0,100})?",
        _ => null,
    };
}
