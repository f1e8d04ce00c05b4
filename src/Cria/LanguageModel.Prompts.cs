using System.Security.Cryptography;
using System.Text;
using Cria.Generation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;

namespace Cria;

public sealed partial class LanguageModel
{
    private KvOrigin? origin;

    /// <summary>
    /// Writes the keys and values of a prompt to a file, so that <see cref="LoadPromptAsync"/> has them back far sooner than they are computed. What is not computed yet is computed first.
    /// The file fits this model, its template, adapters, rotary settings and cache types only. It holds the prompt, which whoever has the file can read.
    /// </summary>
    /// <param name="prompt">The prompt's tokens, see <see cref="ToPrompt"/> and <see cref="Tokenize"/>.</param>
    /// <param name="path">The file, which appears when it is whole.</param>
    /// <param name="name">A name for people; null is the file's.</param>
    /// <param name="cancellationToken">Ends the computing.</param>
    /// <exception cref="CriaException">The prompt does not fit, or the file cannot be written.</exception>
    public async Task<SavedPrompt> SavePromptAsync(ReadOnlyMemory<int> prompt, string path, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        TokenStream stream = Engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = SamplingOptions.Greedy with { MaxTokens = 0 } });
        using (cancellationToken.Register(stream.Cancel)) await stream.Completion.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        KvFileHeader header = await Engine.SavePromptAsync(path, prompt, Origin(), name ?? System.IO.Path.GetFileName(path)).ConfigureAwait(false);
        return new SavedPrompt(path, header.Name, prompt.ToArray(), new FileInfo(path).Length);
    }

    /// <summary>
    /// Reads what <see cref="SavePromptAsync"/> has written: prompts that begin with its tokens then need not be computed so far. It stays known until room is needed.
    /// </summary>
    /// <exception cref="CriaException">The file is damaged, was made with other settings, or does not fit; the message says which.</exception>
    public async Task<SavedPrompt> LoadPromptAsync(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        (KvFileHeader header, int[] tokens) = await Engine.LoadPromptAsync(path, Origin()).ConfigureAwait(false);
        return new SavedPrompt(path, header.Name, tokens, new FileInfo(path).Length);
    }

    private KvOrigin Origin()
    {
        return origin ??= new KvOrigin(ModelFingerprint.Of(source, adapters), Hash(Template.Source), Hash(FormattableString.Invariant($"{Config.RopeTheta:R} {Scaling(Config.RopeScaling)}")));

        static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        static string Scaling(RopeScaling scaling) => scaling.Rule == RopeRule.None ? "none" : FormattableString.Invariant(
            $"{scaling.Rule} {scaling.Factor:R} {scaling.OriginalContext} {scaling.LowFrequencyFactor:R} {scaling.HighFrequencyFactor:R} {scaling.BetaFast:R} {scaling.BetaSlow:R} {scaling.AttentionFactor:R}");
    }
}
