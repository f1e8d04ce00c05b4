using System.Buffers.Binary;
using System.Text;

namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>
/// Reads the one kind of pickle that a PyTorch checkpoint of weights is: a dictionary from names to tensors.
/// A pickle is a program; this runs only the steps that build such a dictionary and knows three functions, none of which does anything
/// but describe a tensor. Whatever else a file asks for, it is refused by name.
/// </summary>
internal sealed class TorchUnpickler
{
    private static readonly object Mark = new();
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string path;
    private readonly byte[] program;
    private readonly List<object?> stack = [];
    private readonly Dictionary<int, object?> memo = [];
    private int position;

    private TorchUnpickler(string path, byte[] program)
    {
        this.path = path;
        this.program = program;
    }

    /// <summary>Reads the dictionary. Throws <see cref="CriaException"/> when the pickle is damaged or wants anything else.</summary>
    public static IReadOnlyDictionary<string, TorchTensor> Read(string path, byte[] program)
    {
        var reader = new TorchUnpickler(path, program);
        if (reader.Run() is not Dictionary<object, object?> root) throw reader.Broken("it holds no dictionary of tensors");
        var tensors = new Dictionary<string, TorchTensor>(StringComparer.Ordinal);
        foreach ((object key, object? value) in root)
        {
            if (key is not string name) throw reader.Broken("a tensor's name is no text");
            tensors.Add(name, value as TorchTensor ?? throw reader.Broken($"{ForeignText.Shown(name)} is no tensor"));
        }
        return tensors;
    }

    private object? Run()
    {
        while (true)
        {
            byte code = Take(1)[0];
            switch (code)
            {
                case 0x80: Take(1); break;                                               // PROTO
                case 0x95: Take(8); break;                                               // FRAME
                case (byte)'.': return Pop();                                            // STOP
                case (byte)'(': stack.Add(Mark); break;                                  // MARK
                case (byte)'0': Pop(); break;                                            // POP
                case (byte)'N': stack.Add(null); break;                                  // NONE
                case 0x88: stack.Add(true); break;                                       // NEWTRUE
                case 0x89: stack.Add(false); break;                                      // NEWFALSE
                case (byte)'K': stack.Add((long)Take(1)[0]); break;                      // BININT1
                case (byte)'M': stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case (byte)'J': stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case 0x8a: stack.Add(Long(Take(Take(1)[0]))); break;                     // LONG1
                case (byte)'X': stack.Add(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case 0x8c: stack.Add(Text(Take(1)[0])); break;                           // SHORT_BINUNICODE
                case (byte)'}': stack.Add(new Dictionary<object, object?>()); break;     // EMPTY_DICT
                case (byte)']': stack.Add(new List<object?>()); break;                   // EMPTY_LIST
                case (byte)')': stack.Add(Array.Empty<object?>()); break;                // EMPTY_TUPLE
                case 0x85: Tuple(1); break;
                case 0x86: Tuple(2); break;
                case 0x87: Tuple(3); break;
                case (byte)'t': Tuple(stack.Count - MarkPlace() - 1, dropMark: true); break;
                case (byte)'q': memo[Take(1)[0]] = Peek(); break;                        // BINPUT
                case (byte)'r': memo[BinaryPrimitives.ReadInt32LittleEndian(Take(4))] = Peek(); break;
                case 0x94: memo[memo.Count] = Peek(); break;                             // MEMOIZE
                case (byte)'h': stack.Add(Remembered(Take(1)[0])); break;                // BINGET
                case (byte)'j': stack.Add(Remembered(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))); break;
                case (byte)'c': stack.Add(Global(Line(), Line())); break;
                case 0x93: { object? name = Pop(), module = Pop(); stack.Add(Global(module as string ?? "", name as string ?? "")); break; }
                case (byte)'Q': stack.Add(Storage(Pop())); break;                        // BINPERSID
                case (byte)'R': { object? arguments = Pop(), function = Pop(); stack.Add(Call(function, arguments)); break; }
                case (byte)'s': { object? value = Pop(), key = Pop(); Set(Peek(), key, value); break; }
                case (byte)'u': SetItems(); break;
                case (byte)'a': { object? item = Pop(); (Peek() as List<object?> ?? throw Broken("it appends to what is no list")).Add(item); break; }
                case (byte)'e': AppendItems(); break;
                case (byte)'b': Pop(); break;                                            // BUILD: attributes of a dictionary, which nobody needs
                default: throw Broken($"step {code} is none that a checkpoint of weights needs");
            }
        }
    }

    private void Tuple(int count, bool dropMark = false)
    {
        if (count > stack.Count) throw Broken("it takes more than there is");
        object?[] items = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        if (dropMark) Pop();
        stack.Add(items);
    }

    private void SetItems()
    {
        int mark = MarkPlace();
        if ((stack.Count - mark) % 2 == 0 || mark == 0) throw Broken("a dictionary has a name without a value");
        for (int i = mark + 1; i < stack.Count; i += 2) Set(stack[mark - 1], stack[i], stack[i + 1]);
        stack.RemoveRange(mark, stack.Count - mark);
    }

    private void AppendItems()
    {
        int mark = MarkPlace();
        if (mark == 0 || stack[mark - 1] is not List<object?> list) throw Broken("it appends to what is no list");
        list.AddRange(stack[(mark + 1)..]);
        stack.RemoveRange(mark, stack.Count - mark);
    }

    private void Set(object? target, object? key, object? value)
    {
        if (target is not Dictionary<object, object?> dictionary || key is not (string or long)) throw Broken("it sets an item of what is no dictionary");
        dictionary[key] = value;
    }

    private string Global(string module, string name) => (module, name) switch
    {
        ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_parameter") or ("collections", "OrderedDict") => name,
        ("torch", _) when name.EndsWith("Storage", StringComparison.Ordinal) => name,
        _ => throw new CriaException($"{path}: the checkpoint asks to run {ForeignText.Shown($"{module}.{name}")}, which is no part of reading weights; it may be malicious, do not use it"),
    };

    private object Call(object? function, object? arguments) => (function, arguments) switch
    {
        ("OrderedDict", object?[] { Length: 0 }) => new Dictionary<object, object?>(),
        ("_rebuild_parameter", object?[] { Length: 3 } given) when given[0] is TorchTensor tensor => tensor,
        ("_rebuild_tensor_v2", object?[] { Length: >= 4 } given) when given[0] is (string storage, string type) && given[1] is long offset and >= 0 =>
            new TorchTensor(storage, type, offset, Sizes(given[2]), Sizes(given[3])),
        _ => throw Broken("it calls a function in a way that describes no tensor"),
    };

    private (string, string) Storage(object? id) => id is object?[] { Length: 5 } given && given[0] is "storage" && given[1] is string type && given[2] is string key
        ? (key, type)
        : throw Broken("it refers to bytes in an unknown way");

    private long[] Sizes(object? tuple)
    {
        if (tuple is not object?[] { Length: <= 8 } items) throw Broken("a shape is no short list");
        return Array.ConvertAll(items, item => item is long size and >= 0 ? size : throw Broken("a shape is not made of counts"));
    }

    private int MarkPlace()
    {
        int place = stack.LastIndexOf(Mark);
        return place >= 0 ? place : throw Broken("a mark is missing");
    }

    private object? Remembered(int key) => memo.TryGetValue(key, out object? value) ? value : throw Broken("it recalls what it never kept");

    private object? Peek() => stack.Count > 0 ? stack[^1] : throw Broken("it takes more than there is");

    private object? Pop()
    {
        object? top = Peek();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long)) throw Broken("a number is too large");
        long value = 0;
        for (int i = 0; i < bytes.Length; i++) value |= (long)bytes[i] << (8 * i);
        // The sign is the top bit of the last byte.
        int unused = 64 - 8 * bytes.Length;
        return bytes.Length == 0 ? 0 : value << unused >> unused;
    }

    private string Text(long length)
    {
        if (length > program.Length - position) throw Broken("it is cut short");
        try
        {
            return StrictUtf8.GetString(Take((int)length));
        }
        catch (DecoderFallbackException)
        {
            throw Broken("a text is not valid UTF-8");
        }
    }

    private string Line()
    {
        int length = program.AsSpan(position).IndexOf((byte)'\n');
        if (length < 0) throw Broken("it is cut short");
        string line = Text(length);
        position++;
        return line;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > program.Length - position) throw Broken("it is cut short");
        position += count;
        return program.AsSpan(position - count, count);
    }

    private CriaException Broken(string what) => new($"{path}: the checkpoint's table of tensors cannot be read: {what}; fetch the file again");
}
