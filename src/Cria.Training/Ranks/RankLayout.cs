using Cria.Tensors;

namespace Cria.Training.Ranks;

/// <summary>
/// How ranks share the work: replicas of rings whose places hold ranks that share heads, rank = (replica · ring + place) · ulysses + share. Neighbours in rank are most often on one host,
/// so what talks most, the sharing of heads, stays inside it; replicas, which meet once a step, are furthest apart.
/// </summary>
/// <param name="Ring">Places of a ring, over which each sequence is spread.</param>
/// <param name="Replicas">Rings, over which the rows of a batch are spread.</param>
/// <param name="Ulysses">Ranks that share the heads of one place (arXiv 2309.14509).</param>
public sealed record RankLayout(int Ring = 1, int Replicas = 1, int Ulysses = 1)
{
    /// <summary>Ranks in all.</summary>
    public int Count => checked(Ring * Replicas * Ulysses);

    /// <summary>Where a rank stands.</summary>
    public (int Replica, int Place, int Share) At(int rank) => (rank / (Ring * Ulysses), rank / Ulysses % Ring, rank % Ulysses);

    /// <summary>Tokens of a row when it is filled up so that it can be cut evenly: two stretches a place, each shared by those who share heads.</summary>
    public int PaddedLength(int rowLength)
    {
        int unit = checked(2 * Ring * Ulysses);
        return checked((rowLength + unit - 1) / unit * unit);
    }

    /// <summary>Throws <see cref="CriaException"/> when the model or the batch cannot be shared like this.</summary>
    public void Check(int batchRows, int rowLength, int keyValueHeads)
    {
        if (batchRows % Replicas != 0) throw new CriaException($"a batch of {batchRows} rows cannot be shared by {Replicas} replicas; choose a batch that divides by {Replicas}, or other replicas");
        if (keyValueHeads % Ulysses != 0) throw new CriaException($"{Ulysses} ranks cannot share {keyValueHeads} key-value heads; choose an --ulysses that divides them, and a larger --ring");
        if (rowLength < 2 * Ring * Ulysses) throw new CriaException($"rows of {rowLength} tokens are too short for rings of {Ring * Ulysses} ranks; choose shorter rings or longer rows");
    }

    /// <inheritdoc/>
    public override string ToString() => Ulysses == 1 ? $"{Replicas} × ring of {Ring}" : $"{Replicas} × ring of {Ring} × {Ulysses} that share heads";
}
