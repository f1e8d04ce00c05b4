namespace Cria.Hub;

/// <summary>One of the models in a repository: the files that belong together.</summary>
/// <param name="Label">What to write after the colon to get it: <c>Q4_K_M</c>, a file's name, <c>safetensors</c>, <c>original</c>.</param>
/// <param name="Form">Its form.</param>
/// <param name="Files">Its files, the first part first.</param>
/// <param name="MissingParts">How many of its parts are not there.</param>
public sealed record ModelVariant(string Label, ModelForm Form, IReadOnlyList<HubFile> Files, int MissingParts = 0)
{
    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>What to open, inside the repository: a file, or a folder (empty for the repository itself).</summary>
    public string Entry => Form switch
    {
        ModelForm.Gguf or ModelForm.Llamafile => Files[0].Path,
        ModelForm.Picked when Files.Count == 1 => Files[0].Path,
        ModelForm.Meta => Files[0].Path.Contains('/', StringComparison.Ordinal) ? Files[0].Path[..Files[0].Path.LastIndexOf('/')] : "",
        _ => "",
    };
}
