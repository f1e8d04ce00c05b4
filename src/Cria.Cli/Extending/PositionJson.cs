using System.Text.Json;
using Cria.Evaluation.Positions;

namespace Cria.Cli.Extending;

/// <summary>Losses by position as JSON.</summary>
internal static class PositionJson
{
    /// <summary>Writes the fields into an object that is open.</summary>
    public static void Fields(Utf8JsonWriter json, PositionLosses losses)
    {
        json.WriteNumber("loss", losses.Mean.Value);
        json.WriteNumber("loss_error", losses.Mean.Error);
        json.WriteNumber("documents", losses.Documents);
        json.WriteNumber("tokens", losses.Tokens);
        json.WriteStartArray("positions");
        foreach (PositionLoss stretch in losses.Stretches)
        {
            json.WriteStartObject();
            json.WriteNumber("from", stretch.From);
            json.WriteNumber("to", stretch.To);
            json.WriteNumber("loss", stretch.Loss);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
