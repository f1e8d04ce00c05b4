namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>A tensor as a PyTorch checkpoint describes it.</summary>
/// <param name="Storage">The name of the archive member with its bytes.</param>
/// <param name="StorageType">PyTorch's name of the element type, such as BFloat16Storage.</param>
/// <param name="Offset">Elements in the storage before its first.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Strides">Elements from one index to the next, for each size.</param>
internal sealed record TorchTensor(string Storage, string StorageType, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);
