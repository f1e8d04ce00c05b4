using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>A prompt whose pages are held while they are read.</summary>
/// <param name="Path">Its full pages.</param>
/// <param name="Part">The page of its last tokens; null where it ends with a page.</param>
/// <param name="Pages">The bytes of all, zeros behind the last token.</param>
internal sealed record KnownPrompt(List<PrefixNode> Path, PrefixNode? Part, IReadOnlyList<KvPageMemory> Pages);
