using System.Collections;
using System.Text.Json;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Cli.Inspection;

/// <summary>The summary of a model file as one JSON object.</summary>
internal static class InspectionJson
{
    /// <summary>Prints the object; with the tensors where asked for. Long arrays appear as <c>{"count": n, "first": [...]}</c> unless the view is full.</summary>
    public static void Write(InspectionView view, bool withTensors, TextWriter output) => JsonLine.Write(output, indented: true, json =>
    {
        ModelSummary summary = view.Summary;
        json.WriteStartObject();
        json.WriteString("path", view.Source.Path);
        json.WriteString("name", summary.Name);
        json.WriteString("fileType", summary.FileType);
        json.WriteNumber("parameters", summary.ParameterCount);
        json.WriteNumber("diskBytes", view.DiskBytes);
        json.WriteNumber("weightBytes", summary.WeightBytes);
        if (view.Source is GgufReader gguf)
        {
            json.WriteStartObject("gguf");
            json.WriteNumber("version", gguf.Version);
            json.WriteNumber("alignment", gguf.Alignment);
            json.WriteNumber("files", gguf.PartCount);
            if (gguf.PreparedFor is { } level) json.WriteString("preparedFor", level);
            json.WriteEndObject();
        }
        WritePacked(view, json);
        WriteNetwork(summary, json);
        WriteWeights(summary, json);
        WriteTokenizer(view, json);
        if (view.KvCacheBytes is long cache)
        {
            json.WriteStartObject("memory");
            json.WriteNumber("context", view.Context);
            json.WriteString("kvType", view.KvTypes.ToString());
            json.WriteNumber("weightBytes", summary.WeightBytes);
            json.WriteNumber("kvCacheBytes", cache);
            json.WriteNumber("totalBytes", summary.WeightBytes + cache);
            json.WriteStartObject("kvCacheBytesByType");
            foreach ((TensorType type, long byteCount) in view.KvChoices) json.WriteNumber(type.ToString(), byteCount);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteStartObject("settings");
        foreach ((string key, object value) in view.Settings)
        {
            json.WritePropertyName(key);
            WriteValue(json, value, view.IsFull);
        }
        json.WriteEndObject();
        if (withTensors) WriteTensors(view, json);
        json.WriteEndObject();
    });

    private static void WritePacked(InspectionView view, Utf8JsonWriter json)
    {
        if (view.Packed is not { } packed) return;
        json.WriteStartObject("packed");
        json.WriteStartArray("programs");
        foreach (PackedProgram program in packed.Programs)
        {
            json.WriteStartObject();
            json.WriteString("system", program.System);
            json.WriteNumber("bytes", program.Length);
            json.WriteString("sha256", program.Sha256);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("members");
        foreach (PackedMember member in packed.Members)
        {
            json.WriteStartObject();
            json.WriteString("name", member.Name);
            json.WriteNumber("bytes", member.Length);
            json.WriteBoolean("stored", member.IsStored);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("preparedFor");
        foreach (string level in packed.PreparedFor) json.WriteStringValue(level);
        json.WriteEndArray();
        json.WriteStartArray("arguments");
        foreach (string argument in packed.Arguments) json.WriteStringValue(argument);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNetwork(ModelSummary summary, Utf8JsonWriter json)
    {
        if (summary.Config is not { } config)
        {
            json.WriteNull("network");
            json.WriteString("problem", summary.Problem);
            return;
        }
        json.WriteStartObject("network");
        json.WriteNumber("layers", config.LayerCount);
        json.WriteNumber("hiddenSize", config.HiddenSize);
        json.WriteNumber("heads", config.HeadCount);
        json.WriteNumber("keyValueHeads", config.KeyValueHeadCount);
        json.WriteNumber("headSize", config.HeadSize);
        json.WriteNumber("feedForwardSize", config.FeedForwardSize);
        json.WriteNumber("vocabularySize", config.VocabularySize);
        json.WriteNumber("contextLength", config.ContextLength);
        json.WriteNumber("ropeBase", config.RopeTheta);
        json.WriteString("ropeScaling", config.RopeScaling.Rule.ToString().ToLowerInvariant());
        json.WriteNumber("ropeFactor", config.RopeScaling.Factor);
        json.WriteNumber("ropeOriginalContext", config.RopeScaling.OriginalContext);
        json.WriteEndObject();
    }

    private static void WriteWeights(ModelSummary summary, Utf8JsonWriter json)
    {
        json.WriteStartArray("weights");
        foreach (WeightTypeShare share in summary.Types)
        {
            json.WriteStartObject();
            json.WriteString("type", share.Type.ToString());
            json.WriteNumber("tensors", share.TensorCount);
            json.WriteNumber("parameters", share.ParameterCount);
            json.WriteNumber("bytes", share.ByteCount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTokenizer(InspectionView view, Utf8JsonWriter json)
    {
        json.WriteStartObject("tokenizer");
        json.WriteString("kind", view.TokenizerKind);
        if (view.TokenCount is int tokens) json.WriteNumber("tokens", tokens);
        if (view.MergeCount is int merges) json.WriteNumber("merges", merges);
        json.WriteStartArray("special");
        foreach ((string role, long id, string text) in view.SpecialTokens)
        {
            json.WriteStartObject();
            json.WriteString("role", role);
            json.WriteNumber("id", id);
            json.WriteString("text", text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("chatTemplate", view.ChatTemplate is not null);
        json.WriteEndObject();
    }

    private static void WriteTensors(InspectionView view, Utf8JsonWriter json)
    {
        json.WriteStartArray("tensors");
        foreach (TensorInfo tensor in view.Source.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("type", tensor.Type.ToString());
            json.WriteStartArray("shape");
            foreach (long size in tensor.Shape) json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteNumber("bytes", tensor.ByteCount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object value, bool full)
    {
        if (value is not Array array)
        {
            WriteScalar(json, value);
            return;
        }
        bool isWhole = full || array.Length <= InspectionView.ShownElements;
        if (!isWhole)
        {
            json.WriteStartObject();
            json.WriteNumber("count", array.Length);
            json.WritePropertyName("first");
        }
        json.WriteStartArray();
        foreach (object element in ((IEnumerable)array).Cast<object>().Take(isWhole ? array.Length : InspectionView.ShownElements)) WriteScalar(json, element);
        json.WriteEndArray();
        if (!isWhole) json.WriteEndObject();
    }

    private static void WriteScalar(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case ulong number: json.WriteNumberValue(number); break;
            // JSON has no infinities and no NaN.
            case double number when (float)number == number && double.IsFinite(number): json.WriteNumberValue((float)number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case double or float: json.WriteStringValue(FormattableString.Invariant($"{value}")); break;
            default: json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }
}
