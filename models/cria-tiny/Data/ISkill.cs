namespace Cria.TinyData;

/// <summary>Writes samples of one skill.</summary>
internal interface ISkill
{
    /// <summary>The next sample.</summary>
    /// <param name="dice">Decides everything.</param>
    /// <param name="isTest">True where each sample is to be one scored question of a kind that training has.</param>
    Sample Next(Dice dice, bool isTest);
}
