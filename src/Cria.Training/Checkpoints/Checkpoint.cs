using System.Runtime.InteropServices;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Backends.Recording;
using Cria.Tensors.Formats.Safetensors;
using Cria.Training.Data;
using Cria.Training.Ranks;

namespace Cria.Training.Checkpoints;

/// <summary>
/// A run at rest, in one safetensors file: every trained weight by its GGUF name, <c>mean.NAME</c> and <c>square.NAME</c> of the optimizer, and <c>state</c>, JSON in bytes.
/// It appears under its name when it is whole, so a crash leaves the one before.
/// </summary>
public static class Checkpoint
{
    private const string State = "state";

    /// <summary>Writes a checkpoint. Where ranks share the optimizer's means, all call this; the first one gathers them, a weight at a time, and writes.</summary>
    public static void Write(string path, CheckpointState state, AdamWState optimizer, TrainingRanks? ranks = null)
    {
        if (ranks is { Rank: > 0 })
        {
            for (int i = 0; i < optimizer.Parameters.Count; i++)
            {
                ranks.Collect(optimizer.Parameters[i], optimizer.Mean(i));
                ranks.Collect(optimizer.Parameters[i], optimizer.Square(i));
            }
            return;
        }
        byte[] json = Json(state);
        var tensors = new List<SafetensorsContent>();
        for (int i = 0; i < optimizer.Parameters.Count; i++)
        {
            Parameter parameter = optimizer.Parameters[i];
            int index = i;
            tensors.Add(Rows(parameter.Name, parameter, () => parameter.Stretch(0, parameter.Rows)));
            tensors.Add(Rows("mean." + parameter.Name, parameter, () => ranks is null ? optimizer.Mean(index) : ranks.Collect(parameter, optimizer.Mean(index))));
            tensors.Add(Rows("square." + parameter.Name, parameter, () => ranks is null ? optimizer.Square(index) : ranks.Collect(parameter, optimizer.Square(index))));
        }
        tensors.Add(new SafetensorsContent(State, "U8", [json.Length], stream => stream.Write(json)));
        SafetensorsWriter.Write(path, tensors);
    }

    /// <summary>What a checkpoint says beside its tensors. Throws <see cref="CriaException"/> when it is none.</summary>
    public static CheckpointState ReadState(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Parse(path, file.Bytes(Find(path, file.Entries.ToDictionary(entry => entry.Name), State, "U8", null)));
    }

    /// <summary>Reads a checkpoint into the weights and the optimizer. Throws <see cref="CriaException"/> when it is damaged or of another model; nothing is changed then.</summary>
    public static CheckpointState Read(string path, AdamWState optimizer)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, SafetensorsEntry> entries = file.Entries.ToDictionary(entry => entry.Name);
        CheckpointState state = Parse(path, file.Bytes(Find(path, entries, State, "U8", null)));
        foreach (Parameter parameter in optimizer.Parameters)
        {
            foreach (string prefix in (string[])["", "mean.", "square."]) Find(path, entries, prefix + parameter.Name, "F32", parameter);
        }
        for (int i = 0; i < optimizer.Parameters.Count; i++)
        {
            Parameter parameter = optimizer.Parameters[i];
            (int first, int count) = optimizer.Share.RowsOf(parameter.Rows);
            Fill(file, entries[parameter.Name], parameter, 0, parameter.Stretch(0, parameter.Rows));
            Fill(file, entries["mean." + parameter.Name], parameter, first, optimizer.Mean(i));
            Fill(file, entries["square." + parameter.Name], parameter, first, optimizer.Square(i));
        }
        return state;
    }

    private delegate ReadOnlySpan<float> Values();

    private static SafetensorsContent Rows(string name, Parameter parameter, Values values) => new(name, "F32", [parameter.Rows, parameter.Columns], stream =>
    {
        ReadOnlySpan<float> all = values();
        for (int row = 0; row < parameter.Rows; row++) stream.Write(MemoryMarshal.AsBytes(all.Slice(row * parameter.Columns, parameter.Columns)));
    });

    /// <summary>Reads consecutive rows of a tensor, as many as fill the place.</summary>
    private static void Fill(SafetensorsFile file, SafetensorsEntry entry, Parameter parameter, int firstRow, Span<float> place)
    {
        int columns = parameter.Columns, rowBytes = columns * sizeof(float);
        for (int row = 0; row * columns < place.Length; row++)
            file.Bytes(entry, (long)(firstRow + row) * rowBytes, rowBytes).CopyTo(MemoryMarshal.AsBytes(place.Slice(row * columns, columns)));
    }

    private static SafetensorsEntry Find(string path, Dictionary<string, SafetensorsEntry> entries, string name, string type, Parameter? shape)
    {
        if (!entries.TryGetValue(name, out SafetensorsEntry? entry)) throw new CriaException($"{path}: {name} is missing; it is no checkpoint of this model and this kind of training");
        bool fits = entry.Type == type && (shape is null || entry.Shape.SequenceEqual([shape.Rows, shape.Columns]));
        return fits ? entry : throw new CriaException($"{path}: {name} is {entry.Type} [{string.Join(", ", entry.Shape)}], which does not fit the model; it is a checkpoint of another one");
    }

    private static byte[] Json(CheckpointState state)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("step", state.Step);
            json.WriteNumber("tokens", state.Tokens);
            json.WriteNumber("optimizer_step", state.OptimizerStep);
            json.WriteNumber("epoch", state.Cursor.Epoch);
            json.WriteNumber("row", state.Cursor.Row);
            if (state.Data is not null) json.WriteString("data", state.Data);
            json.WriteNumber("seed", state.Seed);
            // Bits, because the running mean may be NaN, which JSON has no word for.
            json.WriteNumber("usual_loss_bits", BitConverter.DoubleToUInt64Bits(state.UsualLoss));
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static CheckpointState Parse(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.ToArray());
            JsonElement root = document.RootElement;
            return new CheckpointState(root.GetProperty("step").GetInt64(), root.GetProperty("tokens").GetInt64(), root.GetProperty("optimizer_step").GetInt64(),
                new DataCursor(root.GetProperty("epoch").GetInt32(), root.GetProperty("row").GetInt32()), root.GetProperty("seed").GetUInt64(), BitConverter.UInt64BitsToDouble(root.GetProperty("usual_loss_bits").GetUInt64()),
                root.TryGetProperty("data", out JsonElement data) ? data.GetString() : null);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CriaException($"{path}: the state is damaged; go on from another checkpoint", failure);
        }
    }
}
