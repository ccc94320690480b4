namespace Fourteen.Engine.Scheduling;

/// <summary>What one tenant was served. Engine thread only.</summary>
internal sealed class TenantAccount
{
    /// <summary>Tokens computed for it, generated ones weighted.</summary>
    internal double Service { get; set; }

    /// <summary>Its sequences that wait or run.</summary>
    internal int Active { get; set; }
}

/// <summary>
/// Serves tenants in turn by a virtual token counter (Sheng et al. 2024, "Fairness in Serving Large Language Models"):
/// the one that was served least comes first, and one that comes back is lifted to the least of those that are here, so
/// that idling saves up nothing. Engine thread only.
/// </summary>
internal sealed class TenantAccounts
{
    /// <summary>
    /// A generated token counts as two of a prompt, as in the paper: it takes a pass over all weights, though one that
    /// others share.
    /// </summary>
    internal const double GeneratedWeight = 2;

    /// <summary>Accounts of tenants that have gone are kept up to this number: more keys than a server is given.
    /// </summary>
    private const int AccountsMax = 1024;

    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);

    /// <summary>The account of a tenant that has one sequence more.</summary>
    internal TenantAccount Enter(string? tenant)
    {
        if (_accounts.Count >= AccountsMax)
            DropIdle();
        string name = tenant ?? "";
        if (!_accounts.TryGetValue(name, out TenantAccount? account))
            _accounts.Add(name, account = new TenantAccount());
        if (account.Active == 0)
            account.Service = Math.Max(account.Service, LeastActive());
        account.Active++;
        return account;
    }

    private double LeastActive()
    {
        double least = double.PositiveInfinity;
        foreach (TenantAccount account in _accounts.Values)
        {
            if (account.Active > 0)
                least = Math.Min(least, account.Service);
        }

        return double.IsPositiveInfinity(least) ? 0 : least;
    }

    private void DropIdle()
    {
        foreach ((string name, TenantAccount account) in _accounts)
        {
            if (account.Active == 0)
                _accounts.Remove(name); // Allowed while enumerating.
        }
    }
}
