namespace Cria.Generation.Grammar;

/// <summary>What a text may look like, built from characters, bytes and rules.</summary>
internal abstract record Expression
{
    /// <summary>The empty text.</summary>
    public static Expression Nothing { get; } = new Sequence([]);

    /// <summary>One character of a set, in UTF-8.</summary>
    internal sealed record Character(CharacterSet Set) : Expression;

    /// <summary>These bytes.</summary>
    internal sealed record Literal(byte[] Bytes) : Expression;

    /// <summary>One after the other.</summary>
    internal sealed record Sequence(IReadOnlyList<Expression> Items) : Expression;

    /// <summary>One of several; none of no alternatives.</summary>
    internal sealed record Choice(IReadOnlyList<Expression> Items) : Expression;

    /// <summary>Several times; without end when <paramref name="Most"/> is null.</summary>
    internal sealed record Repeat(Expression Item, int Least, int? Most) : Expression;

    /// <summary>What an automaton accepts; with <paramref name="Quoted"/>, as the inside of a JSON string.</summary>
    internal sealed record Automaton(CharacterAutomaton Characters, bool Quoted) : Expression;

    /// <summary>What a named rule says. Rules may refer to one another and to themselves.</summary>
    internal sealed record Rule(string Name) : Expression
    {
        /// <summary>What the rule says; set once, after the rule itself may have been referred to.</summary>
        public Expression? Body { get; set; }

        /// <inheritdoc/>
        public bool Equals(Rule? other) => ReferenceEquals(this, other);

        /// <inheritdoc/>
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
