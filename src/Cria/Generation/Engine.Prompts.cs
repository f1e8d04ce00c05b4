using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Generation;

public sealed partial class Engine
{
    private readonly List<Action> chores = [];

    /// <summary>
    /// Writes the keys and values of a prompt that this engine has computed and still knows to a file, which appears when it is whole. Other answers go on meanwhile.
    /// Throws <see cref="CriaException"/> when part of the prompt is not known any more, or the file cannot be written.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="origin">What the keys and values depend on.</param>
    /// <param name="name">A name for people.</param>
    public async Task<KvFileHeader> SavePromptAsync(string path, ReadOnlyMemory<int> prompt, KvOrigin origin, string name)
    {
        Check(prompt.Span);
        KnownPrompt known = await RunAsync(() => scheduler.Hold(prompt.Span)).ConfigureAwait(false);
        try
        {
            var header = new KvFileHeader(name, origin, cache.Pool.Layout, prompt.Length);
            await Task.Run(() => KvFile.Write(path, header, prompt.Span, known.Pages)).ConfigureAwait(false);
            return header;
        }
        finally
        {
            await RunAsync(() => { scheduler.Release(known); return true; }).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Reads a prompt's keys and values from a file, so that requests that begin with its tokens need not compute them. Other answers go on meanwhile. Gives the tokens.
    /// Throws <see cref="CriaException"/> when the file is damaged or was computed otherwise than <paramref name="origin"/>, or when it does not fit.
    /// </summary>
    public async Task<(KvFileHeader Header, int[] Tokens)> LoadPromptAsync(string path, KvOrigin origin)
    {
        using KvFile file = KvFile.Open(path);
        file.Header.Check(path, origin, cache.Pool.Layout);
        if (file.Tokens.Length > ContextLength) throw new CriaException($"{path} holds {file.Tokens.Length} tokens, more than the context of {ContextLength}; load with a larger context");
        foreach (int token in file.Tokens)
        {
            if (token < 0 || token >= VocabularySize) throw new CriaException($"{path} is damaged: token {token} is not in the vocabulary; delete it and save the prompt again");
        }
        (KvSequence sequence, KvPageMemory[] pages) = await RunAsync(() => scheduler.MakeRoom(file.Tokens.Length, path)).ConfigureAwait(false);
        bool isWhole = false;
        try
        {
            await Task.Run(() => file.ReadPages(pages)).ConfigureAwait(false);
            isWhole = true;
        }
        finally
        {
            await RunAsync(() => { scheduler.Take(sequence, isWhole ? file.Tokens : []); return true; }).ConfigureAwait(false);
        }
        return (file.Header, file.Tokens);
    }

    /// <summary>Does something with the cache between two steps, on the engine's thread.</summary>
    private Task<T> RunAsync<T>(Func<T> chore)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            chores.Add(() =>
            {
                try
                {
                    T result = chore();
                    lock (gate) Publish();
                    done.SetResult(result);
                }
                catch (Exception failure)
                {
                    done.SetException(failure);
                }
            });
            Monitor.Pulse(gate);
        }
        return done.Task;
    }

    private void RunChores()
    {
        while (true)
        {
            Action chore;
            lock (gate)
            {
                if (chores.Count == 0) return;
                chore = chores[0];
                chores.RemoveAt(0);
            }
            chore();
        }
    }
}
