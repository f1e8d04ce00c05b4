using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Extension;

/// <summary>Copies a Hugging Face folder with another context, base and stretching in its <c>config.json</c>; every other setting and file stays as it is.</summary>
internal sealed class FolderCopy(string source, RotaryPlan plan, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
{
    private const int PieceBytes = 16 << 20;
    private static readonly string[] Kept = [".safetensors", ".json", ".model", ".jinja", ".txt", ".md", ".tiktoken"];

    public void Write(string folder)
    {
        PendingFolder.CheckIsNew(folder);
        PendingFolder.Write(folder, temporary =>
        {
            FileInfo[] files = [.. new DirectoryInfo(source).EnumerateFiles().Where(file => Kept.Contains(file.Extension, StringComparer.OrdinalIgnoreCase)).OrderBy(file => file.Name, StringComparer.Ordinal)];
            long total = files.Sum(Length), done = 0;
            foreach (FileInfo file in files)
            {
                string to = Path.Combine(temporary, file.Name);
                if (file.Name == "config.json") File.WriteAllBytes(to, Config(file.FullName));
                else Copy(file, to, ref done, total);
            }
        });
    }

    /// <summary>Bytes of a file; of what it points to where it is a link, as in the hub's cache.</summary>
    private static long Length(FileInfo file) => (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;

    private void Copy(FileInfo file, string to, ref long done, long total)
    {
        using FileStream read = file.OpenRead();
        using FileStream written = File.Create(to, 1);
        var piece = new byte[PieceBytes];
        for (int count; (count = read.Read(piece)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            written.Write(piece, 0, count);
            progress?.Report(new TensorProgress(file.Name, done += count, total));
        }
    }

    private byte[] Config(string path)
    {
        JsonObject config;
        try
        {
            config = JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new CriaException($"{path} does not hold a JSON object; fetch it again");
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{path} is not valid JSON; fetch it again", failure);
        }
        config["max_position_embeddings"] = plan.Context;
        if (config.ContainsKey("rope_parameters"))
        {
            // Newer files keep base and stretching in one object.
            JsonObject both = Stretching() ?? new JsonObject { ["rope_type"] = "default" };
            both["rope_theta"] = plan.Theta;
            config["rope_parameters"] = both;
            config.Remove("rope_scaling");
        }
        else
        {
            config["rope_theta"] = plan.Theta;
            config["rope_scaling"] = Stretching();
        }
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) config.WriteTo(json);
        return bytes.ToArray();
    }

    private JsonObject? Stretching()
    {
        RopeScaling rule = plan.Scaling;
        if (rule.Rule == RopeRule.None) return null;
        var json = new JsonObject { ["rope_type"] = rule.Rule.ToString().ToLowerInvariant(), ["factor"] = rule.Factor };
        if (rule.Rule == RopeRule.Linear) return json;
        json["original_max_position_embeddings"] = rule.OriginalContext;
        if (rule.Rule == RopeRule.Llama3)
        {
            json["low_freq_factor"] = rule.LowFrequencyFactor;
            json["high_freq_factor"] = rule.HighFrequencyFactor;
            return json;
        }
        json["beta_fast"] = rule.BetaFast;
        json["beta_slow"] = rule.BetaSlow;
        if (rule.AttentionFactor is { } attention) json["attention_factor"] = attention;
        return json;
    }
}
