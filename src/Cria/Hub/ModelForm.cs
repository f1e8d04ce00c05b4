namespace Cria.Hub;

/// <summary>In what form a repository holds a model.</summary>
public enum ModelForm
{
    /// <summary>A GGUF file, or its parts.</summary>
    Gguf,

    /// <summary>A llamafile.</summary>
    Llamafile,

    /// <summary>A folder as transformers has it: config, tokenizer, safetensors.</summary>
    Safetensors,

    /// <summary>A folder as Meta has it: params.json, consolidated.*.pth, tokenizer.model.</summary>
    Meta,

    /// <summary>Files that the user picked.</summary>
    Picked,
}
