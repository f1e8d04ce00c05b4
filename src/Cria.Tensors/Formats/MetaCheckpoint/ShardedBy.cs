namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>How model-parallel shards divide a tensor.</summary>
internal enum ShardedBy
{
    /// <summary>Every shard has all of it.</summary>
    Nothing,
    /// <summary>Each shard has some of the rows.</summary>
    Rows,
    /// <summary>Each shard has some of each row.</summary>
    Columns,
    /// <summary>Rows in Llama 3, columns in Llama 2; the shapes tell.</summary>
    RowsOrColumns,
}
