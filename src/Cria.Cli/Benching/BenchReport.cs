namespace Cria.Cli.Benching;

/// <summary>Prints measurements.</summary>
internal abstract class BenchReport(Terminal terminal)
{
    /// <summary>Where it prints.</summary>
    protected TextWriter Output => terminal.Out;

    /// <summary>Called once before the first row.</summary>
    public abstract void Begin(BenchPlan plan);

    /// <summary>Called for each row as it is measured.</summary>
    public abstract void Add(BenchRow row);

    /// <summary>Called once after the last row.</summary>
    public abstract void End();
}
