namespace Cria.Packing;

/// <summary>How far a quantization or conversion has come.</summary>
/// <param name="Tensor">The tensor being written.</param>
/// <param name="DoneElements">Elements written.</param>
/// <param name="TotalElements">Elements in all.</param>
public readonly record struct TensorProgress(string Tensor, long DoneElements, long TotalElements);
